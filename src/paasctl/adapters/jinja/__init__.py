"""Templates by Jinja: text in, documents out. They see values, never the machine. Read `templates.py` first."""

from paasctl.adapters.jinja.templates import JinjaTemplates, builtin_templates

__all__ = ["JinjaTemplates", "builtin_templates"]
