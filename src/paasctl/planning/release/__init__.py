"""What a release still needs, and what is told of it. Pure; read `facts.py`, then `decide.py`."""
