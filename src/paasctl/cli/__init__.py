"""The command line: parse, build a request, conduct. Read `conduct.py`, then one small verb (`version.py`).

`wiring.py` alone joins ports to adapters. A command file holds no business rule, no fetch, no print.
"""
