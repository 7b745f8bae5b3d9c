"""One Docker Engine over HTTP: questions, and answers that stream.

What the docker SDK's session raises are `OSError`s, so it is translated right here, around each request and each read.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlencode

import requests
import urllib3.exceptions

from paasctl.adapters.docker.failure import DISK_FULL, disk_full, is_forbidden
from paasctl.errors import Forbidden, PaasError, Refused, Unavailable
from paasctl.ports.cancel import Cancel
from paasctl.values import dataclass

CONNECT = 10.0
ANSWER = 60.0
_SAVE = 600.0
"""Seconds: to connect; between two bytes of a short answer; between two bytes of an image (it is gathered first)."""
_WATCH = 0.2
_BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)
ABSENT = "start the Docker engine, or set DOCKER_HOST (docker context ls)"


@dataclass(frozen=True, slots=True)
class Engine:
    """A connection that answered. `connect.py` makes it and closes it."""

    session: requests.Session
    url: str
    """Of its API, with the version."""
    name: str
    """For people: where it was found."""
    version: str
    platform: str
    """`os/architecture` of the engine itself."""

    def json(self, path: str) -> Any:
        """The answer to a GET; None: the engine proved it absent (404)."""
        with translated(f"asking the Docker engine at {self.name}"):
            answer = self.session.get(f"{self.url}{path}", timeout=(CONNECT, ANSWER))
        if answer.status_code == requests.codes.not_found:
            return None
        check(answer, f"asking the Docker engine at {self.name} for {path}")
        return answer.json()

    def network(self, log: Callable[[str], None]) -> str:
        """The network of a build's steps: "" is the engine's own; one that has none can still run what needs none."""
        if self.json("/networks/bridge") is not None:
            return ""
        log("this engine has no default network: steps run without one")
        return "none"

    def delete(self, path: str) -> None:
        """DELETE. Gone already, or still in use by somebody else (409), is fine."""
        with translated(f"asking the Docker engine at {self.name}"):
            answer = self.session.delete(f"{self.url}{path}", timeout=(CONNECT, ANSWER))
        if answer.status_code not in (requests.codes.not_found, requests.codes.conflict):
            check(answer, f"asking the Docker engine at {self.name} to delete {path}")

    @contextmanager
    def post(
        self, path: str, query: Mapping[str, str], *, headers: Mapping[str, str], body: Iterable[bytes], cancel: Cancel
    ) -> Iterator[Iterator[bytes]]:
        """POST a body in chunks, and read the answer as it comes. Closing it, or a cancel, makes the engine stop."""
        doing = f"asking the Docker engine at {self.name} for {path}"
        target = f"{self.url}{path}?{urlencode(query)}"
        with translated(doing):
            answer = self.session.post(target, data=body, headers=dict(headers), stream=True, timeout=(CONNECT, None))
        with _read(answer, doing, cancel) as chunks:
            yield chunks

    @contextmanager
    def download(self, path: str, *, cancel: Cancel) -> Iterator[Iterator[bytes]]:
        """GET something big, in chunks."""
        doing = f"reading {path} from the Docker engine at {self.name}"
        with translated(doing):
            answer = self.session.get(f"{self.url}{path}", stream=True, timeout=(CONNECT, _SAVE))
        with _read(answer, doing, cancel) as chunks:
            yield chunks


@contextmanager
def _read(answer: requests.Response, doing: str, cancel: Cancel) -> Iterator[Iterator[bytes]]:
    """The chunks of an answer, until its end or a cancel; the connection is closed either way."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch, args=(answer, cancel, done), daemon=True)
    try:
        check(answer, doing)
        watcher.start()
        yield _chunks(answer, doing, cancel)
    finally:
        done.set()
        answer.close()
        if watcher.is_alive():
            watcher.join()


def _watch(answer: requests.Response, cancel: Cancel, done: threading.Event) -> None:
    """Wake a read that blocks, when there is reason to stop: an engine may be silent for as long as a step runs."""
    while not done.wait(_WATCH):
        try:
            cancel.check()
        except PaasError:
            with suppress(ValueError, RuntimeError, OSError):  # it ended by itself just now
                answer.raw.shutdown()
            return


def _chunks(answer: requests.Response, doing: str, cancel: Cancel) -> Iterator[bytes]:
    try:
        for chunk in answer.iter_content(None):
            cancel.check()
            yield chunk
    except _BROKEN as error:
        cancel.check()
        raise Unavailable(f"{doing}: the connection broke: {error}", hint="run again", code="engine-gone") from error
    cancel.check()


def check(answer: requests.Response, doing: str) -> None:
    """Raise for an answer that is no success, with the engine's own words."""
    if answer.ok:
        return
    with translated(doing):
        said = _message(answer.content)
    raise engine_error(f"{doing}: {answer.status_code} {said or answer.reason}", answer.status_code)


def engine_error(message: str, status: int = 500) -> PaasError:
    """The error for what an engine says went wrong with itself, not with the build."""
    if DISK_FULL in message:
        return disk_full(message)
    if status in (requests.codes.unauthorized, requests.codes.forbidden) or is_forbidden(message):
        return Forbidden(message)
    if "too new" in message or "too old" in message:
        return Unavailable(message, hint="update the Docker engine", code="engine-too-old")
    if status == requests.codes.bad_request:
        return Refused(message, code="engine-refused")
    return Unavailable(message, code="engine-failed")


def _message(content: bytes) -> str:
    try:
        said = json.loads(content)
    except ValueError:
        return content[:300].decode("utf-8", "replace").strip()
    return str(said.get("message", "")) if isinstance(said, dict) else str(said)


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """What the wire says, in our words. A refused socket hides three exceptions deep."""
    try:
        yield
    except _BROKEN as error:
        causes = tuple(_causes(error))
        if any(isinstance(it, PermissionError) for it in causes):
            hint = "join the group that owns the socket (docker), or set DOCKER_HOST"
            raise Forbidden(f"{doing}: no permission for its socket", hint=hint) from error
        if any(isinstance(it, requests.Timeout | TimeoutError) for it in causes):
            raise Unavailable(f"{doing}: no answer in time", hint="try again", code="engine-silent") from error
        why = next((it.strerror for it in causes if isinstance(it, OSError) and it.errno and it.strerror), str(error))
        raise Unavailable(f"{doing}: {why}", hint=ABSENT, code="engine-absent") from error


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error and all it was made of: `requests` and `urllib3` wrap by argument, `reason`, cause and context."""
    waiting, seen = [error], set[int]()
    while waiting:
        here = waiting.pop(0)
        if isinstance(here, BaseException) and id(here) not in seen:
            seen.add(id(here))
            yield here
            waiting += [*here.args, getattr(here, "reason", None), here.__cause__, here.__context__]
