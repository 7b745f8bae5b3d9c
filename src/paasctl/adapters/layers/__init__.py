"""`ports.Builder` without a daemon: what lies in the checkout, over scratch or a base image.

`builder.py` is where to begin. A kind of layer (`kinds.py`) finds what there is; `oci.compose` decides where it goes;
`writing.py` packs what is not kept from before (`kept.py`, `hashes.py`).
"""

from paasctl.adapters.layers.builder import LayersBuilder

__all__ = ["LayersBuilder"]
