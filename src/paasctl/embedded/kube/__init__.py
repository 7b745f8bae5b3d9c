"""A simulated Kubernetes API server: what paasctl and the named kubectl commands send, and 501 for the rest.

`model.py` has the words, `objects/` decides (schema, defaults, apply, patches: pure), `store/` keeps,
`api/` answers, `controllers/` make rollouts happen.
"""
