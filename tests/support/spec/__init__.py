"""The distribution specification (1.1), clause by clause: `CLAUSES` has them by its four workflow categories.

Whoever runs a registry asks all of it.
"""

from support.spec import discovery, management, pull, push
from support.spec.place import CLAUSES, Category, Place

__all__ = ["CLAUSES", "Category", "Place", "discovery", "management", "pull", "push"]
