"""Images from Dockerfiles, built by a Docker Engine and taken out of it into our layout.

Read `builder.py` first; `connect.py` and `engine.py` are the connection, `context.py` what is sent, `stream.py` and
`progress.py` what is answered, `archive.py` how the image comes out. `buildkit/` shares what holds for any build of a
Dockerfile: the context, `dockerfile.py`, `progress.py` with `trace.py`, `failure.py`, `base.py`,
`looked_up.py` and `laying.py`.
None of these imports the docker SDK, so nothing is imported here: ask each file for its own.
May import: oci, ports, model, errors, docker, requests, urllib3.
"""
