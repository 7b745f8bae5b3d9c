"""`paas.yaml`: from a plain mapping with places to `Config`, or every problem at once. Pure.

One table of keys (`table/`) drives the loader, the JSON Schema, the guesses and the reference.
Read `shape.py`, `table/top.py`, then `load.py`.
"""
