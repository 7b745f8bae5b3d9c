"""The terminal: what is done stays as lines, what is going on lives below them. Read `view.py` first."""

from paasctl.views.rich.view import Rich

__all__ = ["Rich"]
