"""`python -m hostile [N] [--seed S] [--from INDEX]`: random images by us, umoci and Docker; exits 1 where we differ."""

from __future__ import annotations

import argparse
import os
import secrets
import sys

from hostile.fuzz import TAME, image, tars
from hostile.journey import Journey, Subject
from hostile.real import there_are_both
from hostile.shrink import shown

_BATCH = 25


def main() -> int:
    """Run; 0: wherever the two agree, so do we."""
    asked = _asked()
    host = os.environ.get("PAASCTL_TEST_DOCKER_HOST", "")
    if not there_are_both(host):
        _say("no Docker Engine (PAASCTL_TEST_DOCKER_HOST) or no umoci here")
        return 2
    _say(f"seed {asked.seed}, {asked.images} images, from {asked.start}")
    journey = Journey()
    for start in range(asked.start, asked.start + asked.images, _BATCH):
        numbers = range(start, min(start + _BATCH, asked.start + asked.images))
        images = {f"s{asked.seed}-{number}": image(asked.seed, number, TAME) for number in numbers}
        journey.run([Subject.of(name, tars(it)) for name, it in images.items()], host)
        for name in images.keys() & journey.complaints.keys():
            _say("\n".join([f"{name}:", *journey.complaints[name][:10], shown(images[name])]))
        _say(f"{numbers.stop - asked.start} done, {len(journey.complaints)} differ")
    _say(", ".join(f"{name}: {count}" for name, count in sorted(journey.counts.items())))
    _say(f"{asked.images - len(journey.complaints)} of {asked.images} images of seed {asked.seed} agree")
    return 1 if journey.complaints else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hostile")
    parser.add_argument("images", nargs="?", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(1 << 31))
    parser.add_argument("--from", dest="start", type=int, default=0, help="the first image's index")
    return parser.parse_args()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
