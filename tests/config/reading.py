"""A text to `Config`, the way the wiring does it."""

from __future__ import annotations

from pathlib import Path

from paasctl.adapters.yaml.read import read
from paasctl.config.load import load
from paasctl.model.config import Config

RUNNING = "0.1.0"
FULL = Path(__file__).parents[2] / "examples" / "full" / "paas.yaml"


def config_of(text: str) -> Config:
    """What a `paas.yaml` with this text means. Raises `ConfigError`."""
    parsed = read(text.encode(), "paas.yaml")
    return load(parsed.values, parsed.places, "paas.yaml", running=RUNNING, problems=parsed.problems)


MINIMAL = """\
app: hello
services:
  web: {image: {context: .}, port: 8080}
registries: {dev: {repository: 127.0.0.1:5000/hello}}
clusters: {local: {context: kind-local}}
environments: {dev: {cluster: local, registry: dev}}
"""
