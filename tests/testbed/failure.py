"""What can go wrong, as one line for whoever reads the terminal."""

from pathlib import Path


class Failed(Exception):  # noqa: N818 - "Failed" is what the reader is told
    """Something the testbed needs did not work."""

    exit = 1


class Unsupported(Failed):
    """This machine can not carry the testbed."""

    exit = 3


def last_lines(path: Path, count: int = 5) -> str:
    """The end of a log, indented, or why there is none."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except OSError as error:
        return f"  (no log: {error})"
    return "\n".join(f"  {line}" for line in lines[-count:]) or "  (the log is empty)"


def component_failed(name: str, why: str, log: Path) -> Failed:
    """An error that names the component, its log and how that log ends."""
    return Failed(f"{name}: {why}; log: {log}\n{last_lines(log)}")
