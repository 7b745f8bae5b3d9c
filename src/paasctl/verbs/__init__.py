"""One verb, one file: read the world into facts, let planning decide, say how it ended. Reads only, by type.

`reading.py` has what several verbs read. A verb imports neither an adapter nor the engine's executors nor a view.
"""
