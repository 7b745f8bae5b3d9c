"""Layers as trees: what a container sees, what differs, and the program that writes it anew. Read `stack.py` first."""
