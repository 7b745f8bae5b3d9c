"""From services to manifests. Pure; read `release.py`, then `service.py` and `workload.py`.

paas.yaml says what runs; `templates/` say how that looks in Kubernetes; what the author writes (`pod.yml`,
`manifests/`) wins over both. Everything that comes out is owned, pinned, named after its content and checked.
"""

from paasctl.planning.manifests.inputs import (
    FileNeeds,
    Renderer,
    RenderInputs,
    needed_files,
    placeholder_images,
    placeholder_secrets,
)
from paasctl.planning.manifests.labels import COMMIT_MARK, MARKED, REPLICAS_ON_CREATE, VERSION_MARK
from paasctl.planning.manifests.release import explain_release, lint_render, render_release

__all__ = [
    "COMMIT_MARK",
    "MARKED",
    "REPLICAS_ON_CREATE",
    "VERSION_MARK",
    "FileNeeds",
    "RenderInputs",
    "Renderer",
    "explain_release",
    "lint_render",
    "needed_files",
    "placeholder_images",
    "placeholder_secrets",
    "render_release",
]
