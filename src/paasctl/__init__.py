"""paasctl: from a git checkout to a running release on named Kubernetes clusters.

Read first: `cli/conduct.py` (what every verb shares), `planning/deploy/decide.py` (how a deploy is decided),
`engine/run.py` (the only writer).
"""

__version__ = "0.1.0"
