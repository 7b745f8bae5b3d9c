"""Is what we want already true? Field by field, for the fields we set. Pure; read `compare.py` first."""

from paasctl.planning.fields.compare import changed_fields, needs_preview

__all__ = ["changed_fields", "needs_preview"]
