"""The world in a box: a registry and an API server over HTTP on loopback, with faults to switch on.

For a first try, for tests and for rehearsals. Imported by `cli/` only; it knows nothing of verbs, views and
adapters, and speaks to them as the real parts do, over the wire. What it cannot do it answers with 501.
Read `http/message.py` first, then `registry/` or `kube/model.py`.
"""
