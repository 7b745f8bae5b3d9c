"""Executors of the image steps: squash, copy and rebase from place to place; what a run built is squashed and pushed.

Owns the threads, hashes and order of bytes; what they mean is decided in `oci`. Read `squash.py`, `rewrite.py` and
`emitting.py` first: an image is indexed in one pass, and written in a second.
"""
