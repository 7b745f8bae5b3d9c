"""A tar of one image in the making, by several threads."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path

from paasctl.adapters.images.packing import Packing
from paasctl.adapters.images.tail import FileTail


def together(jobs: list[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=it) for it in jobs]
    for it in threads:
        it.start()
    for it in threads:
        it.join()


def test_blobs_that_end_at_the_same_time_do_not_meet(tmp_path: Path) -> None:
    """While one grows in the tar the others wait beside it, and several threads let go of theirs."""
    before, failed = sys.getswitchinterval(), list[Exception]()

    def many(name: str, packing: Packing) -> None:
        try:
            for number in range(150):
                with packing.writer() as writer:
                    writer.write(f"{name} {number}".encode())
                    writer.commit("x")
        except Exception as error:  # noqa: BLE001 - whatever it is
            failed.append(error)

    sys.setswitchinterval(1e-6)
    try:
        for _ in range(5):
            with ExitStack() as opened:
                file = opened.enter_context((tmp_path / "tar").open("w+b"))
                packing = Packing(FileTail(file, tmp_path / "tar"), tmp_path)
                opened.enter_context(closing(packing))
                opened.enter_context(packing.writer())
                together([partial(many, it, packing) for it in ("one", "two", "three")])
    finally:
        sys.setswitchinterval(before)
    assert failed == []
