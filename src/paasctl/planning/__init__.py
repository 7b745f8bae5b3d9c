"""Deciding: facts in, plans and judgements out, nothing else. Pure by contract (see `pyproject.toml`).

Read `deploy/decide.py` first; `versions/` names, `release/` makes, `promotion/` carries on,
`manifests/` renders, `readiness/` judges, `fields/` compares.
"""
