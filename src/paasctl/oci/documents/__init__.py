"""Manifests, indexes and configurations as raw JSON: edits, closures, records. Read `manifest.py` first."""
