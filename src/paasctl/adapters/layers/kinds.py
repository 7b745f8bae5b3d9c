"""From an entry of `layers:` to what it puts into the image: one arm per kind."""

from __future__ import annotations

from typing import assert_never

from paasctl.adapters.layers.found import Found, Ground
from paasctl.adapters.layers.go import find_go
from paasctl.adapters.layers.jvm import find_jvm
from paasctl.adapters.layers.node import find_node
from paasctl.model.layer import FileLayer, GoLayer, JvmLayer, Layer, NodeLayer, PythonLayer
from paasctl.oci.building.compose import Piece


def find(layer: Layer, ground: Ground) -> Found:
    """What lies there. `ConfigError` says what is missing, damaged, or for another platform."""
    match layer:
        case FileLayer():
            return _files(layer, ground)
        case PythonLayer():
            from paasctl.adapters.layers.python import find_python  # noqa: PLC0415 - half of what all kinds import

            return find_python(layer, ground)
        case JvmLayer():
            return find_jvm(layer, ground)
        case NodeLayer():
            return find_node(layer, ground)
        case GoLayer():
            return find_go(layer, ground)
        case _:
            assert_never(layer)


def _files(layer: FileLayer, ground: Ground) -> Found:
    src = ground.fill(layer.src)
    sources = ground.context.find(src, layer.exclude)
    return Found(pieces=(Piece(src, layer.dest, sources, layer.uid, layer.gid, layer.mode),))
