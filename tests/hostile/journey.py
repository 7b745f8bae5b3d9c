"""A batch of images through our squash in both modes and through the real tools, before and after."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from hostile.agree import Asked, against_both, against_docker, unlike, without_bare
from hostile.model import Seen, stacked
from hostile.real import No, Verdict, by_docker, by_umoci
from paasctl.errors import PaasError
from support.squashed import indexed, squash_indexed

Tars = Sequence[bytes]


@dataclass(frozen=True, slots=True)
class Subject:
    """An image, and what our squash made of it: of all layers, and of those above the lowest. Empty: it refuses."""

    name: str
    layers: Tars
    whole: Tars = ()
    above: Tars = ()

    @classmethod
    def of(cls, name: str, layers: Tars) -> Subject:
        """Squash it."""
        try:
            indexes = indexed(layers)
            whole, above = (squash_indexed(indexes, layers, kept, 1).layers for kept in (0, 1))
        except PaasError:
            return cls(name, layers)
        return cls(name, layers, whole, above)

    def images(self) -> dict[str, Tars]:
        """All that there are, by names that are tags."""
        images = {"before": self.layers, "whole": self.whole, "above": self.above}
        return {f"{self.name}-{mode}": it for mode, it in images.items() if it}


@dataclass(slots=True)
class Journey:
    """What became of them. `counts` says how much was compared."""

    counts: Counter[str] = field(default_factory=Counter)
    complaints: dict[str, list[str]] = field(default_factory=dict)

    def run(self, subjects: Sequence[Subject], host: str) -> None:
        """Ask both tools of every image, and compare."""
        asked = ask({name: tars for it in subjects for name, tars in it.images().items()}, host)
        for it in subjects:
            if lines := list(self.judge(it, asked)):
                self.complaints[it.name] = lines

    def judge(self, it: Subject, asked: Mapping[str, Asked]) -> Iterator[str]:
        """What is wrong with one image."""
        before = asked[f"{it.name}-before"]
        self.note(before)
        if not it.whole:
            self.counts["refused by us"] += 1
            if not isinstance(before.docker, No) and not isinstance(before.umoci, No):
                yield "we refuse it, and both tools show it"
            return
        want = stacked(it.layers)
        for mode, made in (("whole", it.whole), ("above", it.above)):
            ours, after = stacked(made), asked[f"{it.name}-{mode}"]
            yield from (f"{mode}, against both: {line}" for line in against_both(ours, before))
            yield from (f"{mode}, against Docker: {line}" for line in _docker(ours, want, before))
            if mode == "above":
                ours.vague |= _linked(it.layers[0])
            yield from (f"{mode}, unpacked: {line}" for line in self.after(ours, before, after, whole=mode == "whole"))

    def after(self, ours: Seen, before: Asked, after: Asked, *, whole: bool) -> Iterator[str]:
        """The squashed image by the real tools: they take it, and show what we say.

        Above the base, what the base has may still be too much for a tool, or be read by it in its own way.
        """
        for tool, old, new in (("docker", before.docker, after.docker), ("umoci", before.umoci, after.umoci)):
            if not whole and isinstance(old, No):
                continue
            if isinstance(new, No):
                yield f"{tool} does not take it: {new.why}"
                continue
            self.counts[f"squashed, by {tool}"] += 1
            known = () if whole or isinstance(old, No) else unlike(ours, old, after.began, vague=ours.vague)
            shown = ours if whole or tool == "docker" else without_bare(ours, new)
            lines = unlike(shown, new, after.began, vague=ours.vague)
            yield from (f"{tool}: {line}" for line in lines if line not in known)

    def note(self, before: Asked) -> None:
        """Count what was compared."""
        refused = [isinstance(it, No) for it in (before.docker, before.umoci)]
        self.counts["images"] += 1
        self.counts["refused by docker"] += refused[0]
        self.counts["refused by umoci"] += refused[1]
        self.counts["shown by both"] += not any(refused)


def _linked(base: bytes) -> set[bytes]:
    """Names of the kept layer's link groups: where their headers disagree umoci takes the first."""
    rows = stacked([base]).rows()
    return {name for path, row in rows.items() if row.twin for name in (path, row.twin)}


def _docker(ours: Seen, want: Seen, before: Asked) -> list[str]:
    ours.vague |= want.vague
    return against_docker(ours, before, want.codes())


def ask(images: Mapping[str, Tars], host: str) -> dict[str, Asked]:
    """Both tools, of each image."""
    began = time.time_ns()
    with TemporaryDirectory() as folder:
        umoci = by_umoci(images, Path(folder))
    docker: dict[str, Verdict] = by_docker(images, host)
    return {name: Asked(docker[name], umoci[name], began - 2 * 10**9) for name in images}
