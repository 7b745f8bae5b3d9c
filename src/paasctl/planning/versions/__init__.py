"""From git facts to the version of a checkout. Pure; read `version.py` first, then `following.py` and `snapshot.py`."""
