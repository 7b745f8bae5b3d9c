"""A cluster over the wire: the `Cluster` port on urllib3; the `kubernetes` package reads kubeconfigs and credentials.

Read first `cluster.py` (the port), then `wire.py` (one request), then `hold.py` (the lock).
It may import `model`, `ports` and `errors`; nothing above an adapter sees an HTTP status.
"""
