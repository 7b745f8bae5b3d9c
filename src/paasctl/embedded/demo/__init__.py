"""The demo: its project, its scenes, and its application. `scenes.py` first."""
