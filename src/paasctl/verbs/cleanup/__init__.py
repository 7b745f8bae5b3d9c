"""Cleaning up a registry; read `clean.py`.

What it reads: all that lies in a registry (`shelf.py`), all that names some of it (`roots.py`).
"""
