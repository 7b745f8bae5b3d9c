"""Carry out plans: the one package that changes anything, and only through ports. Read `run.py` first.

It may import planning (to judge a rollout), ports and model; never an adapter, a verb or a view.
"""
