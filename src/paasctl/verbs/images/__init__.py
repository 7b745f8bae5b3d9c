"""The verbs of `paasctl image`: on images wherever they lie. None needs a `paas.yaml`.

What they share is in `reading.py` (locations, and what lies there) and `base.py` (where an image's base ends).
"""
