"""Writes objects into a folder as fast as it can, and says each write once it was done: somebody kills it."""

from __future__ import annotations

import os
import random
import sys
from pathlib import Path

from paasctl.embedded.kube.clock import RealClock
from paasctl.embedded.kube.model import By, Object, Place
from paasctl.embedded.kube.objects.schema import loaded
from paasctl.embedded.kube.store.journal import FolderJournal
from paasctl.embedded.kube.store.shelf import Shelf
from paasctl.embedded.kube.store.store import Store

_BY = By("kubectl")


def opened(folder: Path) -> tuple[Store, FolderJournal]:
    """A store over that folder."""
    journal = FolderJournal(folder)
    shelf = Shelf(journal.version, journal.objects)
    shelf.journal = journal
    return Store(loaded(), RealClock(), shelf), journal


def at(name: str) -> Place:
    return Place("", "configmaps", "default", name)


def config_map(name: str, **data: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "default"}, "data": data}


def ensure_namespace(store: Store) -> None:
    place = Place("", "namespaces", "", "default")
    if store.get(place) is None:
        store.create(place, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}}, _BY)


def main(folder: Path, seed: int) -> None:
    """Creates, changes and deletes twenty ConfigMaps, small and big."""
    store, _ = opened(folder)
    ensure_namespace(store)
    chance = random.Random(seed)
    for number in range(10**9):
        name = f"m{chance.randrange(20)}"
        live = store.get(at(name))
        data = {"n": f"{seed}-{number}", "fill": "x" * chance.choice((0, 100, 30_000))}
        if live is None:
            made = store.create(at(name), config_map(name, **data), _BY)
        elif chance.random() < 0.2:
            store.delete(at(name))
            os.write(1, f"- {name} {store.version()} -\n".encode())
            continue
        else:
            made = store.update(at(name), {**live, "data": data}, _BY)
        os.write(1, f"+ {name} {made['metadata']['resourceVersion']} {data['n']}\n".encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
