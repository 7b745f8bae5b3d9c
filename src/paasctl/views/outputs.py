"""How a run ended, for the next step of a CI job: named values in the form of each system, and a page in Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from paasctl.model.event import Outcome
from paasctl.views.clean import clean

_NO_NAME = re.compile(r"[^A-Za-z0-9_]")
_PREFIX = "PAASCTL_"


def outputs(outcome: Outcome) -> dict[str, str]:
    """The named results, and the address: `version`, `record`, `image_web`, `digest_web`, `url`.

    What is `IMAGE@sha256:…` has its digest by itself, too.
    """
    facts = dict(outcome.facts)
    said = {_name(name): clean(value) for name, value in facts.items()}
    for name, value in facts.items():
        if name.startswith("image.") and "@" in value:
            said[_name(f"digest.{name.removeprefix('image.')}")] = value.partition("@")[2]
    return said | ({"url": clean(outcome.urls[0])} if outcome.urls else {})


def github(values: Mapping[str, str]) -> str:
    """Lines for `$GITHUB_OUTPUT`. No value has a line's end."""
    return "".join(f"{name}={value}\n" for name, value in values.items())


def dotenv(values: Mapping[str, str]) -> str:
    """Lines for GitLab's report `dotenv`: `PAASCTL_VERSION=1.2.0`; it takes quotes for a part of the value."""
    return "".join(f"{_variable(name)}={value}\n" for name, value in values.items())


def properties(values: Mapping[str, str]) -> str:
    """Lines as Java reads them, for Jenkins: `readProperties`, or an injected environment."""
    return "".join(f"{_variable(name)}={_escaped(value)}\n" for name, value in values.items())


def azure(values: Mapping[str, str]) -> str:
    """Commands of Azure Pipelines: a variable each, for this job and, by the step's name, for others."""
    return "".join(
        f"##vso[task.setvariable variable={_variable(name)};isOutput=true]{_command(value)}\n"
        for name, value in values.items()
    )


def azure_summary(path: str) -> str:
    """The command that shows a file on the run's page."""
    return f"##vso[task.uploadsummary]{_command(path)}\n"


def summary(outcome: Outcome, changelog: str = "") -> str:
    """A page: what was done, what the images are, where it is; what it brings at the end."""
    facts = dict(outcome.facts)
    lines = [f"## {clean(outcome.verb)} {clean(outcome.subject)}", ""]
    named = [(it, facts[it]) for it in ("version", "tag", "record") if facts.get(it)]
    lines += [f"- {name}: `{clean(value)}`" for name, value in named]
    lines += [f"- <{clean(it)}>" for it in outcome.urls]
    images = [(name.removeprefix("image."), it) for name, it in facts.items() if name.startswith("image.")]
    if images:
        lines += ["", "| image | digest |", "|---|---|"]
        lines += [f"| {clean(name)} | `{clean(it)}` |" for name, it in images]
    if outcome.rows:
        lines += ["", "| version | goal | |", "|---|---|---|"]
        lines += [
            f"| {clean(it.version or 'all missing')} | {clean(it.goal)} | {clean(it.word)} |" for it in outcome.rows
        ]
    return "\n".join([*lines, *(["", changelog] if changelog else []), "", ""])


def _name(fact: str) -> str:
    return _NO_NAME.sub("_", fact)


def _variable(name: str) -> str:
    return f"{_PREFIX}{name.upper()}"


def _escaped(value: str) -> str:
    plain = value.replace("\\", "\\\\")
    return "".join(it if it.isascii() else f"\\u{ord(it):04x}" for it in plain)


def _command(text: str) -> str:
    """What would end a command is percent-encoded."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")
