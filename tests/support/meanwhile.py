"""Something else is done right before a certain write reaches its server, which waits for that."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from paasctl.embedded.http.faults import Fault, Faults
from paasctl.embedded.http.server import Server
from support.striking import WRITES


class _Before(Faults):
    def __init__(self, word: str, act: Callable[[], object]) -> None:
        super().__init__()
        self._word = word
        self._act: Callable[[], object] | None = act
        self._lock = threading.Lock()

    def strike(self, names: Sequence[str]) -> Fault | None:
        """Nothing goes wrong: it only comes later."""
        with self._lock:
            is_it = names[-1].startswith(WRITES) and self._word in names[-1]
            act, self._act = (self._act, None) if is_it else (None, self._act)
        if act:
            act()
        return None


@contextmanager
def meanwhile(server: Server, word: str, act: Callable[[], object]) -> Iterator[None]:
    """At the first write whose name has `word`."""
    before, server.faults = server.faults, _Before(word, act)
    try:
        yield
    finally:
        server.faults = before
