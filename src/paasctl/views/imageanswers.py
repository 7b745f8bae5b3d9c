"""What questions about images found out, in words and tables. `width` is the terminal's, where there is one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, assert_never

from paasctl.model.counting import count
from paasctl.model.imageanswer import (
    FileCompared,
    ImageDiff,
    InspectAnswer,
    LayerCompared,
    LayerShown,
    PlatformVerified,
    Saving,
    SettingCompared,
    VerifyAnswer,
    WasteShown,
)
from paasctl.views.amounts import size
from paasctl.views.clean import clean

ImageAnswer = InspectAnswer | ImageDiff | VerifyAnswer
_LEAST = 24
"""Columns that a cut cell keeps."""
_SHELL = re.compile(r"^(RUN )?(?:\|\d+ .*?)?/bin/sh -c (?:#\(nop\) *)?")
_MADE = re.compile(r" # buildkit$")


def image_text(answer: ImageAnswer, width: int | None = None) -> list[str]:
    """The lines of an answer, ready for standard output. Whatever an image says of itself moves no cursor."""
    match answer:
        case InspectAnswer():
            return [*map(clean, _inspected(answer, width))]
        case ImageDiff():
            return [*map(clean, _diff(answer, width))]
        case VerifyAnswer():
            return [*map(clean, _verified(answer))]
        case _:
            assert_never(answer)


# --- inspect --------------------------------------------------------------------------------------------------------


def _inspected(answer: InspectAnswer, width: int | None) -> Iterator[str]:
    yield f"{clean(answer.name)}  {answer.platform}"
    yield from (f"  {line}" for line in about(answer))
    yield ""
    heads = ("LAYER", "PACKED", "LIVE", "DEAD", "", "ENTRIES", "MADE BY")
    yield from columns(heads, [_layer(it) for it in answer.layers], width, right=6)
    if answer.wastes:
        yield from ("", "the biggest wastes:")
        wastes = [(size(it.bytes), f"{it.files:,}", str(it.layer), blame(it), clean(it.path)) for it in answer.wastes]
        yield from columns(("BYTES", "FILES", "LAYER", "WHY", "PATH"), wastes, width, right=3)
    if answer.twins:
        yield from ("", f"the same content in several files, {size(answer.twin_bytes)} in all:")
        twins = [(size(it.bytes), str(it.copies), clean(it.path)) for it in answer.twins]
        yield from columns(("BYTES", "FILES", "PATH"), twins, width, right=2)
    yield ""
    yield from (saving(it, answer) for it in answer.savings)
    yield from (f"warning: {clean(it)}" for it in answer.ambiguities)


def about(answer: InspectAnswer) -> Iterator[str]:
    """What it is, in a few lines."""
    yield answer.digest
    live, dead = sum(it.live for it in answer.layers), sum(it.dead for it in answer.layers)
    share = f", {dead / (live + dead):.0%} of it dead" if dead else ""
    yield f"{count(len(answer.layers), 'layer')}, {size(answer.packed)} packed, {size(live + dead)} unpacked{share}"
    yield f"{count(answer.entries, 'path')}, created {answer.created or 'at no known time'}"
    if others := _others(answer):
        yield f"also for {', '.join(others)}"
    known = f"{count(answer.base, 'layer')}, by {clean(answer.base_by)}" if answer.base is not None else ""
    yield f"base: {known or f'not known ({clean(answer.base_by)})'}"
    if runs := _runs(answer.config):
        yield f"runs {clean(runs)}"


def _others(answer: InspectAnswer) -> list[str]:
    """What else lies there; an index may have several images for one platform."""
    others = list(answer.platforms)
    if answer.platform in others:
        others.remove(answer.platform)
    return list(dict.fromkeys("the same, again" if it == answer.platform else it for it in others))


def _runs(config: Any) -> str:
    words = [str(it) for key in ("Entrypoint", "Cmd") for it in config.get(key) or ()]
    parts = [
        " ".join(words) or "nothing by itself",
        f"as {config['User']}" if config.get("User") else "",
        f"in {config['WorkingDir']}" if config.get("WorkingDir") else "",
        f"on {', '.join(config['ExposedPorts'])}" if config.get("ExposedPorts") else "",
        f"with {count(len(config['Env']), 'variable')}" if config.get("Env") else "",
    ]
    return " ".join(filter(None, parts))


def _layer(it: LayerShown) -> tuple[str, ...]:
    part = f"{it.dead / (it.live + it.dead):.0%}" if it.dead else ""
    number = f"{it.number}{' base' if it.base else ''}"
    return number, size(it.packed), size(it.live), size(it.dead), part, f"{it.members:,}", command(it.made_by)


def command(text: str) -> str:
    """A command of the history, without the shell that every one of them names."""
    return clean(_MADE.sub("", _SHELL.sub(r"\1", text))).strip() or "-"


def blame(it: WasteShown) -> str:
    """Why nobody sees it."""
    match it.why:
        case "rewritten":
            return f"unchanged again in layer {it.by}"
        case "unseen":
            return "never seen"
        case _:
            return f"{it.why} in layer {it.by}"


def saving(it: Saving, answer: InspectAnswer) -> str:
    """What a squash would make of it."""
    how = "above the base" if it.how == "keep-base" else "of all layers"
    if not it.saved and it.layers >= len(answer.layers):
        return f"a squash {how} would save nothing"
    loss = f"; {size(it.shared)} of the base would be shared no longer" if it.shared else ""
    return f"a squash {how}: {count(it.layers, 'layer')}, {size(it.bytes)}, about {size(it.saved)} saved{loss}"


# --- diff -----------------------------------------------------------------------------------------------------------

_MARKS = {"added": "+", "removed": "-", "changed": "~", "metadata": "~"}
_WORDS = {"added": "added", "removed": "removed", "changed": "changed", "metadata": "with other metadata only"}


def _diff(answer: ImageDiff, width: int | None) -> Iterator[str]:
    yield f"{clean(answer.before)} -> {clean(answer.after)}  {answer.platform}"
    shared = [it for it in answer.layers if it.before and it.after]
    yield f"layers: {'; '.join(filter(None, (_some(shared, 'shared'), *_only(answer)))) or 'none'}"
    yield from _first([it for it in answer.layers if it.after is None], answer.limit)
    yield from _first([it for it in answer.layers if it.before is None], answer.limit)
    yield from _settings(answer.settings)
    for change in ("added", "removed", "changed", "metadata"):
        files = [it for it in answer.files if it.change == change]
        if files:
            yield f"{count(len(files), 'path')} {_WORDS[change]}{_moved(files)}:"
            yield from (_fit(f"  {_MARKS[change]} {_file(it)}", width) for it in files[: answer.limit])
            if len(files) > answer.limit:
                yield f"  … and {len(files) - answer.limit:,} more"
    if not answer.files:
        yield "a container sees the same files"


def _only(answer: ImageDiff) -> Iterator[str]:
    yield _some([it for it in answer.layers if it.after is None], "only in the first")
    yield _some([it for it in answer.layers if it.before is None], "only in the second")


def _some(layers: Sequence[LayerCompared], where: str) -> str:
    return f"{len(layers)} {where}, {size(sum(it.packed for it in layers))}" if layers else ""


def _first(layers: Sequence[LayerCompared], limit: int) -> Iterator[str]:
    yield from map(_layer_line, layers[:limit])
    if len(layers) > limit:
        yield f"  … and {len(layers) - limit:,} more"


def _layer_line(it: LayerCompared) -> str:
    mark, number = ("-", it.before) if it.after is None else ("+", it.after)
    return f"  {mark} layer {number}: {it.digest[:19]}, {size(it.packed)}"


def _settings(settings: Sequence[SettingCompared]) -> Iterator[str]:
    if settings:
        yield f"{count(len(settings), 'setting')} differ:" if len(settings) > 1 else "1 setting differs:"
    for it in settings:
        if it.before is None:
            yield f"  + {clean(it.key)}: {clean(it.after or '')}".rstrip(" :")
        elif it.after is None:
            yield f"  - {clean(it.key)}: {clean(it.before)}".rstrip(" :")
        else:
            yield f"  ~ {clean(it.key)}: {clean(it.before)} -> {clean(it.after)}"


def _moved(files: Sequence[FileCompared]) -> str:
    before, after = sum(it.before for it in files), sum(it.after for it in files)
    if before == after:
        return ""
    return (
        f", {size(after)}" if not before else f", {size(before)}" if not after else f", {size(before)} -> {size(after)}"
    )


def _file(it: FileCompared) -> str:
    amount = "" if it.before == it.after else f"  {size(it.before)} -> {size(it.after)}"
    if it.change in ("added", "removed"):
        amount = f"  {size(it.before or it.after)}" if it.before or it.after else ""
    what = f"  ({'; '.join(map(clean, it.what))})" if it.what else ""
    return f"{clean(it.path)}{amount}{what}"


# --- verify ---------------------------------------------------------------------------------------------------------


def _verified(answer: VerifyAnswer) -> Iterator[str]:
    for it in answer.platforms:
        yield f"{'ok ' if not it.different else 'BAD'} {it.platform}: {_compared(it)}"
        yield from (f"      {clean(line)}" for line in it.first)
        if it.different > len(it.first):
            yield f"      … and {it.different - len(it.first):,} more"
    said = "a container sees the same files in both" if answer.same else "a container does not see the same files"
    yield f"{clean(answer.before)} and {clean(answer.after)}: {said}"


def _compared(it: PlatformVerified) -> str:
    if not it.different:
        return f"the same {count(it.entries, 'path')}, attributes and content"
    return f"{count(it.different, 'path')} {'differs' if it.different == 1 else 'differ'}" if it.entries else "missing"


# --- tables ---------------------------------------------------------------------------------------------------------


def columns(heads: Sequence[str], rows: Sequence[Sequence[str]], width: int | None, *, right: int) -> Iterator[str]:
    """A table whose first `right` columns are numbers; its last one is cut to what is left of the terminal.

    Of a path both ends are kept, of anything else the beginning.
    """
    widths = [max(len(cell) for cell in column) for column in zip(heads, *rows, strict=True)]
    for row in (heads, *rows):
        cells = [
            cell.rjust(wide) if at < right else cell.ljust(wide)
            for at, (cell, wide) in enumerate(zip(row, widths, strict=True))
        ]
        before = "  ".join(cells[:-1])
        yield f"{before}  {_cut(row[-1], max(_LEAST, width - len(before) - 3) if width else None)}".rstrip()


def _cut(text: str, width: int | None) -> str:
    """What fits of a text."""
    if width is None or len(text) <= width:
        return text
    head = width // 3 if "/" in text[:5] else width - 1
    return f"{text[:head]}…{text[len(text) - (width - head - 1) :]}"


def _fit(line: str, width: int | None) -> str:
    return _cut(line, max(_LEAST, width - 1) if width else None)
