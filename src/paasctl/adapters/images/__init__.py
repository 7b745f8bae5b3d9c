"""Images wherever they lie: one file per kind of place, each with a source to read from and a target to write to.

`opener.py` gives the right one for a location. Nothing here decides what is read or written; `engine.images` does.
"""

from paasctl.adapters.images.opener import Images

__all__ = ["Images"]
