"""The command line: parse, build a request, conduct. Read `conduct.py`, then one small verb (`version.py`).

`wiring.py` joins ports to adapters, `embedding.py` and `stage.py` to the embedded world. A command file holds no
business rule, no fetch, no print.
"""
