"""Who approves a release: `approve.py` says it, `hearing.py` checks what was said, `pending.py` lists it."""
