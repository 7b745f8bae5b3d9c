"""Starting up stays cheap: what is not needed is not imported."""

from __future__ import annotations

import json
import subprocess
import sys

from paasctl.cli.front import VERBS
from paasctl.cli.promote import _ENGINE

_HEAVY = {"kubernetes", "docker", "git", "jinja2", "ruamel", "yaml", "urllib3", "requests", "rich", "asyncio"}
_VERBS = {f"paasctl.cli.{module}" for module, _ in VERBS.values()}
_RUN = """
import json, sys
from paasctl.cli.main import main
told = []
for args in {runs!r}:
    before = set(sys.modules)
    try:
        main(args)
    except SystemExit:
        pass
    told.append(sorted(set(sys.modules) - before if told else sys.modules))
json.dump(told, sys.stderr)
"""


def _loaded(*runs: list[str]) -> list[set[str]]:
    """What each run has imported, one after the other in one process; the first with all that was there before."""
    code = _RUN.format(runs=list(runs))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return [set(it) for it in json.loads(done.stderr)]


def _is_light(loaded: set[str]) -> bool:
    tops = {it.partition(".")[0] for it in loaded}
    deep = [
        it for it in loaded if it.startswith(("paasctl.model", "paasctl.planning", "paasctl.verbs", "paasctl.engine"))
    ]
    return not tops & _HEAVY and not deep


def test_the_version_is_told_before_typer_is_imported() -> None:
    (loaded,) = _loaded(["--version"])
    assert "typer" not in loaded
    assert {it for it in loaded if it.startswith("paasctl")} == {"paasctl", "paasctl.cli", "paasctl.cli.main"}


def test_help_needs_neither_the_model_nor_a_client_and_only_the_verb_that_was_typed() -> None:
    top, *verbs = _loaded(["--help"], *([verb, "--help"] for verb in VERBS))
    assert _is_light(top)
    assert not _VERBS & top
    for (module, _), loaded in zip(VERBS.values(), verbs, strict=True):
        assert _is_light(loaded)
        assert _VERBS & loaded == {f"paasctl.cli.{module}"}


def _imported(*modules: str) -> list[str]:
    code = f"import sys, json, {', '.join(modules)}; json.dump(sorted(sys.modules), sys.stdout)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def test_what_acts_imports_no_executor_before_a_step_needs_one() -> None:
    executors = ("engine.images.", "engine.cluster", "engine.release", "oci.tree", "oci.report", "planning")
    found = _imported("paasctl.engine.run")
    assert not [it for it in found if it.startswith(tuple(f"paasctl.{name}" for name in executors))]


def test_a_copy_between_registries_imports_nothing_about_tars() -> None:
    found = _imported("paasctl.adapters.images", "paasctl.adapters.images.registry", "paasctl.engine.images.copy")
    assert "paasctl.adapters.images.registry" in found
    assert not {"tarfile", "paasctl.adapters.layout", "paasctl.adapters.images.tarred"} & set(found)


def test_what_promote_has_imported_ahead_is_there() -> None:
    """A name that is wrong would cost time alone, and nobody would see it."""
    assert set(_ENGINE) <= set(_imported(*_ENGINE))


def test_a_promotion_between_registries_imports_nothing_that_reads_clusters() -> None:
    found = _imported("paasctl.verbs.promotion.promote")
    assert not [it for it in found if it.startswith(("paasctl.planning.manifests", "paasctl.verbs.running"))]
