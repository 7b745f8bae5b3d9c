"""Executors of the image steps: what lies at a place of the run's layout is squashed there, or pushed from there.

Owns the threads, hashes and order of bytes; what they mean is decided in `oci`. Read `squash.py` first.
"""

from paasctl.engine.images.place import squash_place
from paasctl.engine.images.push import push_place
from paasctl.engine.images.squash import squash_image

__all__ = ["push_place", "squash_image", "squash_place"]
