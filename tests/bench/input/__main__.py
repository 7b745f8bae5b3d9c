"""`python -m bench.input [NAME…] [--push HOST]`."""

from __future__ import annotations

import argparse
import sys

from bench.input.kept import NAMES, kept, pushed


def main() -> int:
    """Makes the images that are not there yet."""
    made = argparse.ArgumentParser(prog="bench.input", description=__doc__)
    made.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)} [big]")
    made.add_argument("--push", metavar="HOST", help="to this registry, too, which is asked over plain HTTP")
    given = made.parse_args()
    for name in given.names or ["big"]:
        if name not in NAMES:
            made.error(f"there is no image {name}: {', '.join(NAMES)}")
        sys.stdout.write(f"{pushed(name, given.push) if given.push else kept(name)}\n")
    return 0


raise SystemExit(main())
