"""Values of the domain: frozen, standard library only, parsed at the edge. Read `kube.py`, then `plan.py`."""
