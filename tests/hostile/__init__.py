"""Small hostile images: what layers may hold, what a container must see of it, and who else is asked.

Read `parts.py` (write a tar member, however odd), `read.py` (read tars), `model.py` (stack them in a dictionary, the
slow and obvious way), `cases/` (the named images), `fuzz.py` (random ones), then `real.py` (umoci and Docker).
Nothing here imports how paasctl reads or stacks layers: it is the other opinion.
"""
