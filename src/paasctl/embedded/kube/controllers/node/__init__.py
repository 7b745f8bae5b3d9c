"""The node: a scheduler and a kubelet that play pods by script. `pods.py` first, then `play.py`."""
