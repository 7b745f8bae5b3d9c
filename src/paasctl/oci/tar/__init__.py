"""Tar streams: members out of bytes, headers out of members. Read `members.py` first."""
