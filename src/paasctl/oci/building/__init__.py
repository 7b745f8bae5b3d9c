"""Layers made of files, and what is attested of them. Read `compose.py` first."""
