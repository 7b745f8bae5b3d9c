"""What follows a command line in this process: nothing, where it is the program's own."""

from __future__ import annotations


class _Process:
    ends = False


PROCESS = _Process()
