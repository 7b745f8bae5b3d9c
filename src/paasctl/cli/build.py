"""`paasctl build`."""

from __future__ import annotations

from paasctl.cli.complete import ImageNames
from paasctl.cli.options import DryRun, Settings, one


def build(settings: Settings, image: ImageNames = None, *, dry_run: DryRun = False) -> int:
    """Build images into the project's OCI layout (`.paasctl/images`), as the checkout lies there; nothing is pushed.

    Examples:

      paasctl build

      paasctl build web --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.build import BuildImages

    images = tuple(image or ())
    return Session(settings, "build").act(
        lambda: BuildImages(images=images), dry_run=dry_run, exit_code=False, yes=True
    )


app = one(build)
