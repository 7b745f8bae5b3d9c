"""A real cluster, registries, routers and builders on one Linux machine, for the tests.

Standard library and ordinary programs only, so that the system's own python3 runs it.
Read `layout.py` first (what is where), then `up.py` (what happens), then `components.py`.
"""
