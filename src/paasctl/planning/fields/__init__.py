"""Is what we want already true? Field by field, for the fields we set. Pure; read `compare.py` first."""
