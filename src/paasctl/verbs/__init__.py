"""One verb, one file: read the world into facts, let planning decide, say how it ended. Reads only, by type.

`reading.py` has what several verbs read. Verbs that share more than that lie in a folder: `promotion`, `approvals`,
`boxes` (a release in a file), `cleanup`, `images`.
A verb imports neither an adapter nor the engine's executors nor a view.
"""
