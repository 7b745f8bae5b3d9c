"""What a registry may lose: mark and sweep over values. Pure; read `marking.py`, then `decide.py`."""
