"""Secrets never appear, in no view: neither `Masked` values, nor what a Secret holds, nor copies of it."""

from __future__ import annotations

import base64

import pytest

from paasctl.errors import Exit
from paasctl.model.answer import ConfigShown, DiffAnswer, ObjectDiff, Rendered, Setting
from paasctl.model.event import Answered, Ended, Event, Outcome, Planned, Started
from paasctl.model.kube import Key, Manifest
from paasctl.model.masked import Masked
from paasctl.model.plan import Apply, FieldChange, Plan
from paasctl.views.annotations import Annotations
from paasctl.views.jsonl import EndOnly
from paasctl.views.mask import masked_body
from paasctl.views.plain import Plain
from support.shown import dump, jsonl, plain, terminal
from support.streams import Stream
from support.telling import STAGING

_SECRET = "correct-horse"
_CODED = base64.b64encode(_SECRET.encode()).decode()
_NOTE = "kubectl.kubernetes.io/last-applied-configuration"
_BODY = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {
        "name": "web",
        "annotations": {_NOTE: f'{{"stringData":{{"api-key":"{_SECRET}"}}}}', "team": "search"},
    },
    "data": {"api-key": _CODED},
    "stringData": {"other": _SECRET, "third": Masked(_SECRET)},
}
_LIST = {"apiVersion": "v1", "kind": "List", "items": [_BODY, {"kind": "Pod", "spec": {"env": [Masked(_SECRET)]}}]}
_POD = {"kind": "Deployment", "metadata": {"name": "web"}, "spec": {"template": ({"env": Masked(_SECRET)},)}}
_FIELDS = (
    FieldChange(path="data.api-key", before=_CODED, after=None),
    FieldChange(path=".stringData.other", before=None, after=_SECRET),
    FieldChange(path=f"metadata.annotations[{_NOTE}]", before=_SECRET, after=_CODED),
    FieldChange(path="metadata.labels[team]", before="search", after="shop"),
)
_APPLY = Apply(
    target=STAGING,
    manifest=Manifest(Key("", "Secret", "shop-dev", "web"), _BODY),
    change="update",
    uid="u1",
    fields=_FIELDS,
)
_MANIFESTS = tuple(Manifest(Key.of(it), it) for it in (_BODY, _LIST, _POD))
EVENTS: tuple[Event, ...] = (
    Planned(Plan(verb="deploy", subject="dev", stages=((_APPLY,),))),
    Started(0, _APPLY),
    Ended(0, _APPLY, 1.0),
    Answered(Rendered(manifests=_MANIFESTS)),
    Answered(
        DiffAnswer(
            environment="dev",
            version="1.2.4",
            objects=(ObjectDiff(target=STAGING, key="Secret/web", change="update", fields=_FIELDS),),
        )
    ),
    Answered(ConfigShown(document={"values": {"deep": [{"token": Masked(_SECRET)}]}})),
    Answered(
        ConfigShown(
            document={},
            settings=(Setting(path="values.token", value=[Masked(_SECRET)], source="--set"),),
            explain=True,
        )
    ),
    Outcome(status="done", exit=Exit.OK, verb="deploy", subject="dev", done=(_APPLY,), left=(_APPLY,)),
)


def _everywhere() -> dict[str, str]:
    shown = {
        "plain": plain(EVENTS).text,
        "verbose": plain(EVENTS, verbose=True).text,
        "jsonl": jsonl(EVENTS).text,
        "terminal": terminal(EVENTS)[1].text,
    }
    result, talk, notes = Stream(), Stream(), Stream()
    view = Annotations(EndOnly(result, dump, Plain(talk, talk, dump)), notes)
    for event in EVENTS:
        view(event)
    return {**shown, "document": result.text + talk.text, "annotations": notes.text}


@pytest.mark.parametrize("view", ["plain", "verbose", "jsonl", "terminal", "document", "annotations"])
def test_secrets_never_appear(view: str) -> None:  # D33
    shown = _everywhere()[view]
    assert _SECRET not in shown
    assert _CODED not in shown
    assert _SECRET[1:] not in shown.replace("\n", "")


@pytest.mark.parametrize("view", ["plain", "jsonl", "terminal"])
def test_what_is_no_secret_still_does(view: str) -> None:
    shown = _everywhere()[view]
    for it in ("api-key", "***", "search", "metadata.labels[team]"):
        assert it in shown


def test_a_hidden_value_is_one_that_an_api_server_takes() -> None:
    hidden = masked_body({"kind": "Secret", "data": {"api-key": Masked(_CODED)}, "stringData": {"note": _SECRET}})
    assert base64.b64decode(hidden["data"]["api-key"], validate=True) == b"***"
    assert hidden["stringData"] == {"note": "***"}
