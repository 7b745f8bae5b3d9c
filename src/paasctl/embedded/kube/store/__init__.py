"""What the simulated cluster holds: objects, one counter of versions, a log of changes, and a folder to keep it in.

`shelf.py` holds and logs, `store.py` is what API and controllers write through, `deleting.py` takes away what depends
on what is gone, `journal.py` is the folder.
"""
