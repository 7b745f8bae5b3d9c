"""What a run leaves for the next step of a CI job, in each system's own form."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from paasctl.cli.outputs import check_outputs, with_outputs
from paasctl.errors import Exit, UsageError
from paasctl.model.event import Event, Outcome, Planned
from paasctl.model.plan import Plan, Record
from support.make import REPOSITORY

DIGEST = "sha256:" + "a" * 64
FACTS = (
    ("version", "1.2.0"),
    ("record", f"registry.example/shop@{DIGEST}"),
    ("image.web-front", f"registry.example/shop/web@{DIGEST}"),
    ("note", "50% größer\\x"),
)
DONE = Outcome(status="done", exit=Exit.OK, verb="release", subject="1.2.0", facts=FACTS, urls=("http://shop.example",))
RECORD = Record(
    app="shop", repository=REPOSITORY, version="1.2.0", commit="c" * 40, created=0, images=(), pinned=(), subjects=(),
    changelog="### Features\n\n- more", files=(),
)  # fmt: skip
VALUES = {
    "version": "1.2.0",
    "record": f"registry.example/shop@{DIGEST}",
    "image_web_front": f"registry.example/shop/web@{DIGEST}",
    "digest_web_front": DIGEST,
    "url": "http://shop.example",
}
PAGE = f"""## release 1.2.0

- version: `1.2.0`
- record: `registry.example/shop@{DIGEST}`
- <http://shop.example>

| image | digest |
|---|---|
| web-front | `registry.example/shop/web@{DIGEST}` |

### Features

- more

"""


def told(environ: Mapping[str, str], *events: Event, file: Path | None = None) -> str:
    """What is said beside the view's own words."""
    talk, seen = io.StringIO(), list[Event]()

    class View:
        def __call__(self, event: Event) -> None:
            seen.append(event)

        def close(self) -> None: ...

    view = with_outputs(View(), talk, environ, file)
    for it in events:
        view(it)
    view.close()
    assert seen == list(events)
    return talk.getvalue()


PLANNED = Planned(Plan(verb="release", subject="1.2.0", stages=((RECORD,),)))


def test_github_has_outputs_and_a_summary(tmp_path: Path) -> None:
    out, page = tmp_path / "output", tmp_path / "summary"
    out.write_text("before=1\n")
    environ = {"GITHUB_OUTPUT": str(out), "GITHUB_STEP_SUMMARY": str(page)}
    assert told(environ, PLANNED, DONE) == ""
    read = dict(it.split("=", 1) for it in out.read_text().splitlines())
    assert read == {"before": "1", **VALUES, "note": "50% größer\\x"}
    assert page.read_text() == PAGE


def test_gitlab_has_a_dotenv(tmp_path: Path) -> None:
    file = tmp_path / "new" / "release.env"
    told({}, DONE, file=file)
    read = dict(it.split("=", 1) for it in file.read_text().splitlines())
    assert read == {**{f"PAASCTL_{name.upper()}": it for name, it in VALUES.items()}, "PAASCTL_NOTE": "50% größer\\x"}


def test_jenkins_has_properties(tmp_path: Path) -> None:
    file = tmp_path / "release.properties"
    told({}, DONE, file=file)
    assert "PAASCTL_VERSION=1.2.0\n" in file.read_text()
    assert "PAASCTL_NOTE=50% gr\\u00f6\\u00dfer\\\\x\n" in file.read_text()


def test_azure_has_variables_and_a_summary(tmp_path: Path) -> None:
    said = told({"TF_BUILD": "True", "AGENT_TEMPDIRECTORY": str(tmp_path)}, PLANNED, DONE).splitlines()
    assert "##vso[task.setvariable variable=PAASCTL_VERSION;isOutput=true]1.2.0" in said
    assert "##vso[task.setvariable variable=PAASCTL_NOTE;isOutput=true]50%AZP25 größer\\x" in said
    assert said[-1] == f"##vso[task.uploadsummary]{tmp_path}/paasctl-release.md"
    assert (tmp_path / "paasctl-release.md").read_text() == PAGE


@pytest.mark.parametrize("status", ["failed", "dry-run", "refused"])
def test_what_was_not_done_is_no_result(tmp_path: Path, status: str) -> None:
    out = tmp_path / "output"
    undone = Outcome(status=status, exit=Exit.FAILED, verb="release", subject="1.2.0", facts=FACTS)  # type: ignore[arg-type]
    told({"GITHUB_OUTPUT": str(out)}, undone)
    assert not out.exists()


def test_what_cannot_be_written_is_told_and_what_was_done_stays_done(tmp_path: Path) -> None:
    said = told({"GITHUB_OUTPUT": str(tmp_path)}, DONE)
    assert said == f"warning: writing {tmp_path}: Is a directory\n"


def test_nobody_who_asks_gets_the_view_itself() -> None:
    def view(event: Event) -> None: ...

    assert with_outputs(view, io.StringIO(), {}, None) is view  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["out.txt", "out", "."])
def test_a_file_without_a_form_is_refused_before_anything_is_done(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="says no form"):
        check_outputs(tmp_path / name)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "release.env").mkdir()
    with pytest.raises(UsageError, match="can't be written"):
        check_outputs(tmp_path / "release.env")
    check_outputs(tmp_path / "a" / ".env")
