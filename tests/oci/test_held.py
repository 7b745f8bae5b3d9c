"""What a cleanup reads of a manifest: whatever anybody ever pushed is told, never an error."""

from __future__ import annotations

import json
from typing import Any

import pytest

from paasctl.model.image import Repository
from paasctl.oci.documents.held import parsed

_AT = Repository("registry.example", "shop").pinned(f"sha256:{'a' * 64}")
_PART = {"mediaType": "application/octet-stream", "digest": f"sha256:{'b' * 64}", "size": 3}
_FIELDS = ("config", "layers", "blobs", "manifests", "subject", "annotations", "artifactType")
_WRONG: tuple[Any, ...] = (None, 5, -1, 10**30, [], "../x")
_ODD: tuple[Any, ...] = (
    *(None, True, 1, 1e400, "text", [1], ["text"], [[]], {"a": 1}, [{"digest": 5}]),
    *([{**_PART, name: it}] for name in _PART for it in _WRONG),
)


@pytest.mark.parametrize("field", _FIELDS)
def test_odd_fields_are_no_error(field: str) -> None:
    for odd in _ODD:
        for kept in ("config", "layers", "manifests"):
            manifest = {"schemaVersion": 2, kept: _PART if kept == "config" else [_PART], field: odd}
            assert parsed(_AT, json.dumps(manifest).encode(), ["1.0.0"]).held.tags == ("1.0.0",)


@pytest.mark.parametrize("blobs", [True, 1, [{**_PART, "mediaType": 5}]])
def test_what_can_not_be_read_is_unknown(blobs: object) -> None:
    assert parsed(_AT, json.dumps({"blobs": blobs}).encode()).held.what == "unknown"
