"""A release in a file: `export.py` writes one, `importing.py` takes it in as if it were promoted."""
