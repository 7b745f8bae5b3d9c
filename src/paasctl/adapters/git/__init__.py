"""Git: `reads.py` asks the `git` program, `writes.py` tags and pushes through GitPython; `checkout.py` is both.

Read `reads.py` first. May import: planning, ports, model, errors, GitPython (`writes.py` alone).
"""

from paasctl.adapters.git.checkout import CheckoutGit

__all__ = ["CheckoutGit"]
