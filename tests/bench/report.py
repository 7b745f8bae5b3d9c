"""What is told of a run: a table for people, JSON for programs, a block for the README."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

_COLUMNS = ("row", "ours", "min-max", "peer's", "min-max", "ratio", "cpu", "bound", "verdict")
_BLOCKS = {
    "version numbers": ("version", "promote-"),
    "image numbers": ("squash-", "inspect-", "pull-", "copy-", "build-"),
}
"""Blocks of the README, and what the names of their rows begin with; all others stand in `numbers`.

Each can be taken alone: those of images take half an hour.
"""
Result = Mapping[str, Any]
"""A row's result as it stands in the JSON file; see `cli._result`."""


def table(results: Sequence[Result]) -> str:
    """Columns, a line each; below them, what the names stand for and what is to be known about them."""
    lines = [_COLUMNS, *(_cells(it) for it in results)]
    widths = [max(len(line[at]) for line in lines) for at in range(len(_COLUMNS))]
    rows = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines]
    notes = [f"{it['row']}: {it['ours']} | {it['peer']}{_remark(it)}" for it in results]
    return "\n".join([*rows, "", *notes]) + "\n"


def _cells(result: Result) -> tuple[str, ...]:
    measured = result.get("measured")
    if not measured:
        return (result["row"], "-", "-", "-", "-", "-", "-", result["bound"], result["verdict"])
    unit, cpu = measured["unit"], measured["cpu"]
    return (
        result["row"],
        *_figure(measured["ours"], unit),
        *_figure(measured["peer"], unit),
        _ratio(result["ratio"]),
        _ratio(cpu[0] / cpu[1] if cpu and cpu[1] else None),
        result["bound"],
        result["verdict"],
    )


def _ratio(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}x"


def _figure(figure: Mapping[str, float] | None, unit: str) -> tuple[str, str]:
    if figure is None:
        return "-", "-"
    return (
        f"{_amount(figure['median'], unit)}",
        f"{_amount(figure['min'], unit, bare=True)}-{_amount(figure['max'], unit)}",
    )


def _amount(value: float, unit: str, *, bare: bool = False) -> str:
    if unit != "s":
        return f"{value:.0f}" if bare or unit == "failed" else f"{value:.0f} {unit}"
    return f"{value * 1000:.0f}{'' if bare else ' ms'}"


def _remark(result: Result) -> str:
    said = [result["note"]] if result.get("note") else []
    measured = result.get("measured") or {}
    if measured.get("memory"):
        said.append("peak {:.0f} and {:.0f} MiB".format(*measured["memory"]))
    if measured:
        said.append(f"{len(measured['ours']['runs'])} runs, load {result['load'][0]:.1f}")
    return f"  ({'; '.join(said)})" if said else ""


def machine(of: Mapping[str, Any]) -> str:
    """One line on where it was measured, and with what."""
    versions = ", ".join(f"{name} {version}" for name, version in of["versions"].items())
    return f"{of['cores']} cores, {of['system']}; {versions}"


def with_numbers(readme: str, result: Mapping[str, Any]) -> str:
    """The README with the blocks between their marks rewritten, each where one of its rows was taken.

    `ValueError`: it has no such marks.
    """
    blocks: dict[str, list[Result]] = {}
    for it in result["rows"]:
        if it.get("measured"):
            blocks.setdefault(_name_of_block(it["row"]), []).append(it)
    for name, rows in blocks.items():
        readme = _with_block(readme, f"<!-- {name} -->", f"<!-- /{name} -->", {**result, "rows": rows})
    return readme


def _name_of_block(row: str) -> str:
    return next((name for name, starts in _BLOCKS.items() if row.startswith(starts)), "numbers")


def _with_block(readme: str, begin: str, stop: str, result: Mapping[str, Any]) -> str:
    before, mark, rest = readme.partition(begin)
    _, end, after = rest.partition(stop)
    if not mark or not end:
        raise ValueError(f"there is no {begin} … {stop} in the README")
    return f"{before}{mark}\n{_block(result)}\n{end}{after}"


def _block(result: Mapping[str, Any]) -> str:
    rows = [it for it in result["rows"] if it.get("measured")]
    loads = [it["load"][0] for it in rows]
    taken = max(it["taken"] for it in rows)[:10]
    head = (
        f"Taken {taken} on {machine(result['machine'])}; load {min(loads):.1f} to {max(loads):.1f}.\n"
        "Whole commands, ours and the peer's in turn (A B A B …); medians, with the smallest and the largest.\n"
        "`nox -s bench` takes them again.\n"
    )
    lines = ["| ours | peer | ours | peer's | ratio | bound | |", "|---|---|---|---|---|---|---|", *map(_line, rows)]
    notes = sorted({f"- {it['peer']}: {it['note']}" for it in rows if it.get("note")})
    return "\n".join([head, *lines, *(["", *notes] if notes else [])])


def _line(result: Result) -> str:
    measured = result["measured"]
    unit = measured["unit"]
    cells = [_ranged(measured["ours"], unit), _ranged(measured["peer"], unit), _ratio(result["ratio"])]
    ours, peer = (re.sub(r"\|", r"\\|", result[it]) for it in ("ours", "peer"))
    bound = result["bound"].replace("<=", "≤")
    return f"| `{ours}` | {peer} | {' | '.join(cells)} | {bound} | {result['verdict']} |"


def _ranged(figure: Mapping[str, float] | None, unit: str) -> str:
    middle, ends = _figure(figure, unit)
    return middle if ends == "-" else f"{middle} ({ends})"
