"""What the simulated API server answers. `server.py` takes requests in; `routes.py` says what a path means.

`reading.py` and `writing.py` are about objects, `watching.py` streams changes, `discovery.py` and `openapi.py` say what
is served, `access.py` knows tokens and rights, `reviews.py` answers questions about them, `pods.py` has logs.
"""
