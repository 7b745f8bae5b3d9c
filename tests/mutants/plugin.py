"""For pytest: a module of the embedded world as it would be with one change in it. `MUTANT` names a JSON file."""

from __future__ import annotations

import importlib.abc
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

_GIVEN = os.environ.get("MUTANT", "")


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, and gives it other source than its file has."""

    def __init__(self, name: str, file: str, source: str) -> None:
        self.name, self.file, self.source = name, file, source

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self.name:
            return None
        spec = importlib.util.spec_from_loader(fullname, self, origin=self.file)
        if spec and self.file.endswith("__init__.py"):
            spec.submodule_search_locations = [str(Path(self.file).parent)]
        return spec

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self.file
        exec(compile(self.source, self.file, "exec"), module.__dict__)


if _GIVEN:
    _said = json.loads(Path(_GIVEN).read_text())
    assert _said["module"] not in sys.modules
    sys.meta_path.insert(0, _Changed(_said["module"], _said["file"], _said["source"]))


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Every test that doesn't pass, a line each, where `MUTANT_FAILED` says."""
    if report.failed and (told := os.environ.get("MUTANT_FAILED")):
        with Path(told).open("a") as file:
            file.write(report.nodeid + "\n")
