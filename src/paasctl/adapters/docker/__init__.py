"""Images from Dockerfiles, built by a Docker Engine and taken out of it into our layout.

Read `builder.py` first; `connect.py` and `engine.py` are the connection, `context.py` what is sent, `stream.py` and
`progress.py` what is answered, `archive.py` how the image comes out.
May import: oci, ports, model, errors, docker, requests, urllib3.
"""

from paasctl.adapters.docker.builder import EngineBuilder
from paasctl.adapters.docker.connect import engine_version

__all__ = ["EngineBuilder", "engine_version"]
