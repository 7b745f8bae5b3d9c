"""A build against the small engine: the project, the layout, and what came of it."""

from __future__ import annotations

import dataclasses
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.adapters.layout import FolderLayout
from paasctl.errors import Cancelled, PaasError
from paasctl.model.config import Image
from paasctl.model.image import Descriptor
from paasctl.model.plan import Build
from paasctl.ports.images import Builder
from support.docker_engine import FakeEngine
from support.docker_says import image_id, layer, trace, vertex

BASE, TOP = layer(base="below"), layer(top="above")
NO_BUILDKIT = (500, [b'{"message": "buildkit not supported by daemon"}'])
LOGIN = json.dumps({"auths": {"registry.example": {"auth": "YW5uOnNlY3JldA=="}}})
STEP = Build(image=Image(name="web", args={"JAVA": "21"}), version="1.2.3", revision="c0ffee", epoch=1_700_000_000)
GOOD = [trace(vertex("a", "[1/2] FROM registry.example/base:1", 1.0, 2.0)), image_id()]
PINNED = "sha256:" + "cd" * 32


class Stop:
    """`ports.Cancel`, asked from the test."""

    def __init__(self, error: PaasError | None = None) -> None:
        self.error = error or Cancelled("stopped at your request")
        self.event = threading.Event()

    @property
    def asked(self) -> bool:
        return self.event.is_set()

    def check(self) -> None:
        if self.event.is_set():
            raise self.error

    def pause(self, seconds: float) -> None:
        self.event.wait(seconds)
        self.check()


@dataclasses.dataclass
class Built:
    descriptor: Descriptor
    manifest: dict[str, Any]
    log: list[str]


@dataclasses.dataclass
class Bench:
    engine: FakeEngine
    project: Path
    layout: FolderLayout
    environ: dict[str, str]

    def build(self, image: Image = STEP.image, *, network: str = "", cancel: Stop | None = None) -> Built:
        log: list[str] = []
        builder: Builder = EngineBuilder({"DOCKER_HOST": self.engine.host, **self.environ}, network)
        step = dataclasses.replace(STEP, image=image)
        made = builder.build(step, self.project, self.layout, log=log.append, cancel=cancel or Stop())
        return Built(made, json.loads(self.layout.read(made)), log)

    def fails(self, image: Image = STEP.image) -> PaasError:
        with pytest.raises(PaasError) as caught:
            self.build(image)
        return caught.value
