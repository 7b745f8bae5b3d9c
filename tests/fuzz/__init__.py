"""A differential fuzzer: the same random writes to a real API server and to the simulated one, compared after each.

`nox -s fuzz -- 500 --seed 7`. Where they differ the simulation is wrong; the sequence is made as short as it can be and
printed with the line that repeats it. Read `manifests.py` (what is written), then `steps.py` (how), `worlds.py` (where,
and what is compared), `running.py`, `stats.py` (what was hit).
"""
