"""Deciding: facts in, plans and judgements out, nothing else. Pure by contract (see `pyproject.toml`).

Read `deploy/decide.py` first; `manifests/` renders, `readiness/` judges, `fields/` compares, `version.py` names.
"""
