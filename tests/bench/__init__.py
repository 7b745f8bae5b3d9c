"""Pairs of commands, ours and a peer's, timed in turn: `nox -s bench`. Read `cli.py`, then `rows.py`."""
