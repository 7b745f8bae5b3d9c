"""The history of a target: a ConfigMap per deploy in its namespace (decision 8). It describes; it never decides."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from paasctl.adapters.kube.discovery import Resource
from paasctl.adapters.kube.objects import Objects
from paasctl.adapters.kube.request import Request
from paasctl.adapters.kube.wire import Wire
from paasctl.errors import PaasError, Refused, StalePlan, Unavailable
from paasctl.model.answer import UNREADABLE, HistoryEntry
from paasctl.model.counting import count
from paasctl.model.kube import MANAGER, Holder, Kind, Live, Target
from paasctl.model.plan import DeployHead
from paasctl.values import dataclass

HISTORY_LABEL = "paasctl.dev/history"
"""Its own label: what `owned` finds could be pruned."""
KEPT = 20
LIMIT = 256 * 1024
OPEN, INTERRUPTED = "open", "interrupted"
CONFIG_MAPS = Resource(
    kind=Kind("", "ConfigMap"), version="v1", plural="configmaps", namespaced=True, verbs=frozenset()
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a deploy ended."""

    outcome: str
    ended: str
    message: str
    evidence: tuple[str, ...] = ()

    def of(self, entry: HistoryEntry) -> HistoryEntry:
        """The entry, closed."""
        return replace(entry, outcome=self.outcome, ended=self.ended, message=self.message, evidence=self.evidence)


class History:
    """Records of deploys."""

    def __init__(self, wire: Wire, objects: Objects) -> None:
        """Reads and writes over `wire`."""
        self._wire = wire
        self._objects = objects

    def entries(self, target: Target) -> tuple[HistoryEntry, ...]:
        """Newest first."""
        return tuple(entry_of(live, target) for live in self._records(target))

    def open(self, head: DeployHead, by: Holder, began: str) -> int:
        """Open the next record; those a killed run left open are closed as interrupted."""
        target, records = head.target, self._records(head.target)
        for live in records:
            entry = entry_of(live, target)
            if entry.outcome == OPEN:
                self._replace(target, live, replace(entry, outcome=INTERRUPTED, message="the run was killed"))
        number = max((entry_of(live, target).number for live in records), default=0)
        while True:
            number += 1
            if self._make(head, opened(head, by, began, number)):
                return number

    def close(self, target: Target, number: int, ending: Ending) -> None:
        """Close record `number`; drop all but the newest."""
        for _ in range(5):
            records = self._records(target, closing=True)
            live = next((live for live in records if entry_of(live, target).number == number), None)
            if live is None:
                raise Unavailable(f"closing history record {number} of {target}: it is gone", code="record-missing")
            try:
                self._replace(target, live, ending.of(entry_of(live, target)))
                return self._drop(target, records[KEPT:])
            except StalePlan:  # somebody labelled it meanwhile
                continue
        raise Unavailable(f"closing history record {number} of {target}: it keeps changing")

    def _records(self, target: Target, *, closing: bool = False) -> Sequence[Live]:
        found = self._objects.all_of(CONFIG_MAPS, target.namespace, f"{HISTORY_LABEL}={target.app}", closing=closing)
        return sorted(found, key=lambda live: entry_of(live, target).number, reverse=True)

    def _make(self, head: DeployHead, entry: HistoryEntry) -> bool:
        """Whether it was made; False: a record of that number is there already."""
        target = head.target
        request = self._request("POST", target, "", f"opening history record {entry.number} of {target}")
        body = _body(entry, {"environment": head.environment})
        answer = self._wire.send(replace(request, body=body, handles=frozenset({409})))
        if answer.is_good:
            return True
        there = [entry_of(live, target) for live in self._records(target)]
        return answer.sent > 1 and entry in there  # ours: the answer to an earlier attempt was lost

    def _replace(self, target: Target, live: Live, entry: HistoryEntry) -> None:
        name = live.key.name
        request = self._request("PUT", target, name, f"closing history record {entry.number} of {target}")
        body = _body(entry, _rest(live), live)
        answer = self._wire.send(replace(request, body=body, handles=frozenset({409}), closing=True))
        if answer.status == 409 and (answer.sent == 1 or not self._is_closed(target, entry)):
            raise StalePlan(f"{request.doing}: it changed meanwhile", hint="run the command again")

    def _is_closed(self, target: Target, entry: HistoryEntry) -> bool:
        return any(each.number == entry.number and each.outcome == entry.outcome for each in self.entries(target))

    def _drop(self, target: Target, old: Sequence[Live]) -> None:
        for live in old:
            request = self._request("DELETE", target, live.key.name, f"dropping an old history record of {target}")
            try:
                self._wire.send(replace(request, handles=frozenset({404}), closing=True))
            except PaasError:  # one too many is no reason to fail a deploy; the next one tries again
                return

    def _request(self, method: str, target: Target, name: str, doing: str) -> Request:
        return Request(method=method, path=CONFIG_MAPS.path(target.namespace, name), resource="configmaps", doing=doing)


def opened(head: DeployHead, by: Holder, began: str, number: int) -> HistoryEntry:
    """A record as it is before the first write."""
    return HistoryEntry(
        number=number,
        target=head.target,
        version=head.version,
        before=head.before,
        commit=head.commit,
        by=f"{by.person}@{by.host}",
        began=began,
        ended="",
        outcome=OPEN,
        images=head.images,
        link=by.link,
        settings=head.settings,
        reason=head.reason,
        passed=head.passed,
        verb=head.verb,
    )


def entry_of(live: Live, target: Target) -> HistoryEntry:
    """A record read. One that cannot be read still has its number, and says so."""
    try:
        said = json.loads(live.body["data"]["record.json"])
        return HistoryEntry(
            target=target,
            images=tuple((str(name), str(image)) for name, image in said.get("images", ())),
            settings=tuple((str(path), str(value)) for path, value in said["settings"]),
            evidence=tuple(map(str, said.get("evidence", ()))),
            passed=tuple(map(str, said.get("passed", ()))),
            **_known(said),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        number = live.key.name.rpartition("-")[2]
        return HistoryEntry(
            number=int(number) if number.isdigit() else 0,
            target=target,
            version="?",
            before="",
            commit="",
            by="?",
            began="",
            ended="",
            outcome=UNREADABLE,
            message=f"{live.key} holds no record: {error!r}",
        )


_TEXTS = ("version", "before", "commit", "by", "began", "ended", "outcome", "message", "link", "reason", "verb")


def _known(said: Mapping[str, Any]) -> dict[str, Any]:
    """The fields we know; a later paasctl may have written more. `TypeError` where one is of another kind."""
    found = {name: said[name] for name in ("number", *_TEXTS) if name in said}
    for name, it in found.items():
        if not isinstance(it, int if name == "number" else str):
            raise TypeError(f"{name} is {it!r}")
    return found


def _rest(live: Live) -> dict[str, Any]:
    said = json.loads(live.body["data"]["record.json"])
    return {name: of for name, of in said.items() if name not in HistoryEntry.__dataclass_fields__}


def _body(entry: HistoryEntry, rest: Mapping[str, Any], over: Live | None = None) -> dict[str, Any]:
    target = entry.target
    metadata: dict[str, Any] = {
        "name": f"paasctl-{target.app}-history-{entry.number:05d}",
        "namespace": target.namespace,
        "labels": {HISTORY_LABEL: target.app, "app.kubernetes.io/managed-by": MANAGER},
    }
    if over is not None:
        metadata |= {"uid": over.uid, "resourceVersion": over.resource_version}
    data = {"record.json": record_text(entry, rest)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def record_text(entry: HistoryEntry, rest: Mapping[str, Any]) -> str:
    """The record as JSON of at most 256 KiB: evidence goes first, from its beginning, then the message's end.

    What a rollback needs is never cut: a record too large for that is `Refused`.
    """
    for smaller in _smaller(entry):
        said = {name: of for name, of in asdict(smaller).items() if name != "target"}
        text = json.dumps({**rest, **said}, indent=1, sort_keys=True, ensure_ascii=False)
        if len(text.encode()) <= LIMIT:
            return text
    raise Refused(
        f"recording deploy {entry.number} of {entry.target}: its values are larger than {LIMIT // 1024} KiB",
        hint="move large values into files",
        code="record-too-large",
    )


def _smaller(entry: HistoryEntry) -> Iterator[HistoryEntry]:
    yield entry
    lines = entry.evidence
    keep = len(lines) // 2
    while keep:
        note = f"({count(len(lines) - keep, 'line')} cut: a record holds {LIMIT // 1024} KiB)"
        yield replace(entry, evidence=(note, *lines[-keep:]))
        keep //= 2
    yield replace(entry, evidence=("(evidence cut)",), message=entry.message[:2000])
