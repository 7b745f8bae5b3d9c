"""`paasctl registry serve --token`: a login buys a token; without anybody to log in it is refused."""

from __future__ import annotations

import base64
import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from paasctl.cli.embedding import Box
from paasctl.cli.main import main
from paasctl.errors import Exit
from paasctl.ports.embedded import RegistryPart

ANN = {"Authorization": f"Basic {base64.b64encode(b'ann:secret').decode()}"}


@contextmanager
def _serving(**how: Any) -> Iterator[str]:
    part = Box(lambda: None, cast("Any", SimpleNamespace())).registry(RegistryPart(**how))
    try:
        yield dict(part.facts)["address"]
    finally:
        part.stop()


def _ask(host: str, path: str, headers: dict[str, str]) -> tuple[int, str, Any]:
    with closing(http.client.HTTPConnection(host, timeout=5)) as connection:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers["WWW-Authenticate"] or "", json.loads(answer.read())


@pytest.mark.parametrize("source", ["--user", "--password-file"])
def test_a_password_buys_a_token_and_nothing_else_lets_in(tmp_path: Path, source: str) -> None:
    (tmp_path / "users").write_text("ann:secret\n")
    who = {"users": ("ann:secret",)} if source == "--user" else {"password_file": str(tmp_path / "users")}
    with _serving(folder=str(tmp_path / "images"), tokens=True, **who) as host:
        for stranger in ({}, ANN, {"Authorization": "Bearer made-up"}):
            status, challenge, _ = _ask(host, "/v2/", stranger)
            assert (status, challenge) == (401, f'Bearer realm="http://{host}/token",service="paasctl registry"')
        assert _ask(host, "/token", {})[0] == 401
        assert _ask(host, "/token", {"Authorization": "Basic YW5uOndyb25n"})[0] == 401
        token = _ask(host, "/token?scope=repository:web:pull", ANN)[2]["token"]
        bearer = {"Authorization": f"Bearer {token}"}
        assert _ask(host, "/v2/", bearer)[0] == 200
        assert _ask(host, "/v2/web/tags/list", bearer)[0] == 404
        assert _ask(host, "/v2/other/tags/list", bearer)[0] == 401


def test_tokens_for_nobody_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "images"
    with pytest.raises(SystemExit) as caught:
        main(["registry", "serve", str(folder), "--token"])
    assert caught.value.code == Exit.USAGE
    said = capsys.readouterr().err
    assert "reading --token: nobody could log in" in said
    assert "--token --user ann:secret" in said
    assert not folder.exists()
