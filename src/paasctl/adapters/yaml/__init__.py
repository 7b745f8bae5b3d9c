"""YAML: `read.py` (paas.yaml with places) and `manifests.py` (rendered documents) by PyYAML, `edit.py` by ruamel.yaml.

Nothing is imported here, so that reading `paas.yaml` costs one library and not two.
"""
