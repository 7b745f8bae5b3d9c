"""What a promotion moves, and whether it may. Pure; read `decide.py`, then `gates.py`."""
