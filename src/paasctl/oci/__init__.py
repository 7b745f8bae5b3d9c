"""What layers mean, as pure computation: bytes and indexes in, an emit program and edited documents out.

Names in layers are bytes. Read `tar.py` (an index of one layer), `tree.py` and `stack.py` (what a container sees),
`change.py` and `emit.py` (how to write it as fewer layers), `witness.py` (that both look the same), then `config.py`,
`manifest.py` and `squashed.py`.
May import `model` and `errors`; never `ports` or `os`: whoever moves the bytes is elsewhere.
"""
