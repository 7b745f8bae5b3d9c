"""The table of keys: one `Key` per key of `paas.yaml`, by subject. `top.py` holds the whole."""
