"""Git: `reads.py` asks the `git` program, `writes.py` tags and pushes through GitPython. Read the former first."""
