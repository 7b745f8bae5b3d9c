"""What layers mean, as pure computation: bytes and indexes in, an emit program and edited documents out.

Names in layers are bytes. `tar` (an index of one layer, and headers written anew) is below `tree` (what a container
sees, and how to write it as fewer layers; read `stack.py` and `emit.py`), `tree` below `report` (what is told)
and `building` (layers made of files). `documents` are manifests, configurations and their edits, known to all of them.
May import `model` and `errors`; never `ports` or `os`: whoever moves the bytes is elsewhere.
"""
