"""What is told about images: live and dead bytes, differences, where a squash pays. Read `waste.py` first."""
