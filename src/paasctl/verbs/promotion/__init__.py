"""A release to the next registry; read `promote.py`.

What is there is in `look.py`, what becomes of it in `ending.py`; `judge.py` stops a version, `onward.py` deploys it.
"""
