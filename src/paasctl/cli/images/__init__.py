"""The commands of `paasctl image`, one file each; `cli/image.py` makes them a group."""
