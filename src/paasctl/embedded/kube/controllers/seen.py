"""The objects as the change log and our own writes tell them: what controllers decide from."""

from __future__ import annotations

from collections.abc import Mapping

from paasctl.embedded.kube.controllers.shapes import labels, meta
from paasctl.embedded.kube.model import Change, Object, Place

_Shelf = dict[str, Object]
_NOBODY = ""
_ADOPTED = frozenset({"pods", "replicasets"})


class Seen:
    """A copy of the store by kind, namespace and owner. One thread only."""

    def __init__(self) -> None:
        """Nothing seen yet."""
        self._by_kind: dict[tuple[str, str], dict[str, _Shelf]] = {}
        self._by_owner: dict[str, dict[Place, Object]] = {}
        self._gone: dict[Place, str] = {}

    def get(self, place: Place) -> Object | None:
        """The object, where it was seen."""
        return self._by_kind.get(place[:2], {}).get(place.namespace, {}).get(place.name)

    def of(self, group: str, plural: str, namespace: str = "") -> list[Object]:
        """All of a kind, by name; namespace ``""``: everywhere."""
        shelves = self._by_kind.get((group, plural), {})
        if namespace:
            found = shelves.get(namespace, {})
            return [found[name] for name in sorted(found)]
        return [shelf[name] for shelf in shelves.values() for name in sorted(shelf)]

    def labelled(self, group: str, plural: str, namespace: str, wanted: Mapping[str, str]) -> list[Object]:
        """Those whose labels have all of these."""
        found = self._by_kind.get((group, plural), {}).get(namespace, {})
        return [it for it in found.values() if wanted.items() <= labels(it).items()]

    def owned(self, owner: Object, plural: str) -> list[Object]:
        """What names this very object as its controller, in the order it was made."""
        return [it for place, it in self._by_owner.get(meta(owner)["uid"], {}).items() if place.plural == plural]

    def orphans(self, plural: str, namespace: str) -> list[Object]:
        """Pods or ReplicaSets that have no controller."""
        found = self._by_owner.get(_NOBODY, {})
        return [it for place, it in found.items() if (place.plural, place.namespace) == (plural, namespace)]

    def take(self, change: Change) -> None:
        """What the log says; what is older than what was seen is passed over."""
        uid = meta(change.body).get("uid", "")
        if change.type == "DELETED":
            if self._gone.get(change.place) == uid:
                del self._gone[change.place]
            self._remove(change.place, uid)
        elif self._gone.get(change.place) != uid:
            self.put(change.place, change.body)

    def put(self, place: Place, body: Object) -> None:
        """The object as it is now."""
        old = self.get(place)
        if old is not None:
            if int(meta(old)["resourceVersion"]) >= int(meta(body)["resourceVersion"]):
                return
            if meta(old).get("ownerReferences") != meta(body).get("ownerReferences"):
                self._disown(place, old)
        self._by_kind.setdefault(place[:2], {}).setdefault(place.namespace, {})[place.name] = body
        for uid in _owners(place, body):
            self._by_owner.setdefault(uid, {})[place] = body

    def drop(self, place: Place) -> None:
        """It was found to be gone, though the log has not said so yet."""
        if (old := self.get(place)) is not None:
            self._gone[place] = meta(old)["uid"]
            self._remove(place, meta(old)["uid"])

    def _remove(self, place: Place, uid: str) -> None:
        old = self.get(place)
        if old is not None and meta(old).get("uid") == uid:
            del self._by_kind[place[:2]][place.namespace][place.name]
            self._disown(place, old)

    def _disown(self, place: Place, body: Object) -> None:
        for uid in _owners(place, body):
            found = self._by_owner.get(uid, {})
            found.pop(place, None)
            if not found:
                self._by_owner.pop(uid, None)


def _owners(place: Place, body: Object) -> list[str]:
    """Uids of its controller; who has none is nobody's, where others may want it."""
    found = [it["uid"] for it in meta(body).get("ownerReferences") or () if it.get("controller")]
    return found or ([_NOBODY] if place.plural in _ADOPTED else [])
