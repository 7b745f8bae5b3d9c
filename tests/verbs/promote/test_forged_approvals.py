"""What is no approval, though it lies where one would: the gate stays shut, and says why each does not count."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from paasctl.errors import Exit
from paasctl.oci.documents.manifest import canonical
from support.approving import approve, attach, refusal, signed, statement, wants
from support.promoting import Stops
from support.sshkeys import approvers, public_key

Made = Callable[[Stops, str], tuple[bytes, tuple[bytes, ...]]]


def _sound(stops: Stops, record: str, **more: Any) -> tuple[bytes, bytes]:
    content = canonical(statement(record, **more))
    return content, signed(stops, content)


def _signed(**how: Any) -> Made:
    """Something that was said, or signed, in another way."""

    def make(stops: Stops, record: str) -> tuple[bytes, tuple[bytes, ...]]:
        content = canonical(statement(how.get("record", record), **how.get("said", {})))
        content = how.get("content", content)
        return content, (signed(stops, content, how.get("person", "anna"), how.get("namespace", "paasctl-approval")),)

    return make


def _with(*signatures: bytes) -> Made:
    return lambda _, record: (canonical(statement(record)), signatures)


def _altered(stops: Stops, record: str) -> tuple[bytes, tuple[bytes, ...]]:
    content, signature = _sound(stops, record, environments=["staging"])
    return content.replace(b"staging", b"production"), (signature,)


def _twice(stops: Stops, record: str) -> tuple[bytes, tuple[bytes, ...]]:
    content, signature = _sound(stops, record)
    return content, (signature, signature)


def _in_one(stops: Stops, record: str) -> tuple[bytes, tuple[bytes, ...]]:
    content, signature = _sound(stops, record)
    return content, (signature + signature,)


def _armoured(blob: bytes) -> bytes:
    return b"-----BEGIN SSH SIGNATURE-----\n" + base64.b64encode(blob) + b"\n-----END SSH SIGNATURE-----\n"


def _string(content: bytes) -> bytes:
    return len(content).to_bytes(4, "big") + content


FORGED: dict[str, tuple[Made, str]] = {
    "garbage": (_with(b"garbage"), "its signature is none of SSH's"),
    "nothing": (_with(b""), "its signature is none of SSH's"),
    "a megabyte": (_with(b"x" * 1_000_000), "its signature has 1,000,000 bytes, more than any should"),
    "no signature": (_with(), "it has no signature, and should have one"),
    "two signatures": (_twice, "it has 2 signatures, and should have one"),
    "two signatures in one": (_in_one, "it has more than one signature"),
    "no base64": (_with(_armoured(b"SSHSIG").replace(b"\nU", b"\n!")), "its signature is no base64"),
    "cut short": (_with(_armoured(b"SSHSIG" + bytes(4) + b"\0\0\1")), "its signature is cut short"),
    "another kind of key": (
        _with(_armoured(b"SSHSIG" + bytes(4) + _string(_string(b"ssh-dss") + b"key"))),
        "it is no SSH public key that signs",
    ),
    "a key that is none": (
        _with(_armoured(b"SSHSIG" + bytes(4) + _string(_string(b"ssh-ed25519") + b"key"))),
        "which is nobody's of approvers",
    ),
    "a stranger's key": (_signed(person="mallory"), "which is nobody's of approvers"),
    "altered after it was signed": (_altered, "not signed by anna, though it says so"),
    "signed for something else": (_signed(namespace="git"), "namespace does not match"),
    "another record": (_signed(record=f"sha256:{'1' * 64}"), "it is about another record, sha256:111111111111…"),
    "another environment": (_signed(said={"environments": ["staging"]}), "anna: it is for staging"),
    "no environment": (_signed(said={"environments": []}), "it does not say for which environment"),
    "an unknown word": (_signed(said={"verdict": "maybe"}), "its statement can't be read"),
    "no time": (_signed(said={"at": "yesterday"}), "it does not say when"),
    "a day that never was": (_signed(said={"at": "2023-02-30T00:00:00.000000Z"}), "it does not say when"),
    "the end of time": (_signed(said={"at": "9999-12-31T23:59:59.999999Z"}), "it does not say when"),
    "no statement": (_signed(content=b"{}"), "its statement can't be read"),
    "no JSON": (_signed(content=b"\xff" * 100), "its statement can't be read"),
    "a hundred thousand brackets": (_signed(content=b"[" * 60_000), "its statement can't be read"),
}


@pytest.mark.parametrize("case", FORGED)
def test_it_does_not_count_and_the_gate_says_why(stops: Stops, case: str) -> None:
    make, why = FORGED[case]
    wants(stops, "1")
    record = stops.digest(path="shop")
    content, signatures = make(stops, record)
    attach(stops, content, *signatures)
    told = refusal(stops)
    assert told.startswith("approvals production: 0 of 1 approvals, missing 1: anna or bob or carla may; not counted: ")
    assert why in told
    assert approve(stops, "bob")[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_one_that_was_made_by_hand_and_is_sound_counts(stops: Stops) -> None:
    wants(stops, "1")
    content, signature = _sound(stops, stops.digest(path="shop"))
    attach(stops, content, signature)
    assert stops.promote(to="production")[0] is Exit.OK


def test_an_approval_of_another_release_beside_this_one_does_not_count(stops: Stops) -> None:
    wants(stops, "1")
    assert approve(stops, "anna")[0] is Exit.OK
    content, signature = _sound(stops, stops.digest(path="shop"))
    stops.release()
    attach(stops, content, signature, record=stops.digest("0.1.1", path="shop"))
    stops.forget()
    status, events = stops.promote("0.1.1", to="production")
    assert status is Exit.REFUSED
    assert "anna: it is about another record" in str(events[-1])


def test_an_approval_that_was_withdrawn_and_is_put_there_again_stays_withdrawn(stops: Stops) -> None:
    wants(stops, "1")
    content, signature = _sound(stops, stops.digest(path="shop"))
    attach(stops, content, signature)
    assert approve(stops, "anna", withdraws=True)[0] is Exit.OK
    attach(stops, content, signature)
    attach(stops, content + b"\n", signature)
    assert "anna: withdrawn on" in refusal(stops)


def test_one_of_the_last_moment_there_is_can_be_withdrawn(stops: Stops) -> None:
    wants(stops, "1")
    attach(stops, *_sound(stops, stops.digest(path="shop"), at="9998-12-31T23:59:59.999999Z"))
    assert approve(stops, "anna", withdraws=True)[0] is Exit.OK
    assert "anna: withdrawn on 9999-01-01" in refusal(stops)


def test_of_many_that_do_not_count_the_first_are_told(stops: Stops) -> None:
    wants(stops, "1")
    for number in range(8):
        attach(stops, canonical(statement(stops.digest(path="shop"))), b"garbage %d" % number)
    told = refusal(stops)
    assert told.count("none of SSH's") == 5
    assert told.endswith("and 3 more")


def test_who_is_no_longer_an_approver_does_not_count(stops: Stops) -> None:
    wants(stops, "1")
    assert approve(stops, "anna")[0] is Exit.OK
    paas = stops.world.project / "paas.yaml"
    text = paas.read_text()
    paas.write_text(text.replace(f'anna: "{public_key("anna")}", ', ""))
    assert "which is nobody's of approvers" in refusal(stops)


@pytest.mark.parametrize("name", ["Anna Karenina", "Ærøskøbing Øl", "*", "a,b", "'\"!bob\"'", "安娜"])
def test_names_are_names_whatever_is_in_them(stops: Stops, name: str) -> None:
    spelled = name if name.startswith("'") else f"'{name}'"
    people = f'approvers: {{{spelled}: "{public_key("anna")}", bob: "{public_key("bob")}"}}\n'
    wants(stops, "2", people)
    assert approve(stops, "anna")[0] is Exit.OK
    told = refusal(stops)
    assert told == f"approvals production: 1 of 2 approvals ({spelled.strip(chr(39))}), missing 1: bob may"
    assert approve(stops, "bob")[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_keys_may_lie_in_files_of_the_project(stops: Stops) -> None:
    wants(stops, "1", approvers("bob", anna="keys/anna.pub"))
    folder = stops.world.project / "keys"
    status, _ = approve(stops, "anna")
    assert status is Exit.CONFIG, "the file is missing"
    folder.mkdir()
    (folder / "anna.pub").write_text(f"# at work\n{public_key('anna')} anna@work\n\n{public_key('anna at home')}\n")
    assert approve(stops, "anna at home")[0] is Exit.OK
    (folder / "anna.pub").write_text(public_key("bob"))
    assert stops.promote(to="production")[0] is Exit.CONFIG, "bob's key is not anna's"
    (folder / "anna.pub").write_text("ssh-dss AAAA\n")
    assert stops.promote(to="production")[0] is Exit.CONFIG
    (folder / "anna.pub").write_text("# nothing\n")
    assert stops.promote(to="production")[0] is Exit.CONFIG
