"""An image that its record names by an address of its own stays there: it is looked at there."""

from __future__ import annotations

import json

import pytest

from paasctl.errors import Exit
from support.promoting import VERSION, Stops, outcome


@pytest.fixture
def elsewhere(stops: Stops) -> Stops:
    """As an older paasctl has recorded it, or as somebody does who wants nobody to look."""
    manifest = stops.manifest(stops.here, "shop", stops.digest(path="shop"))
    document = json.loads(stops.here.blobs["shop"][manifest["layers"][0]["digest"]])
    document.pop("home", None)
    document["images"]["web"]["repository"] = str(stops.here.repository("shop/web"))
    made = stops.here.put_blob("shop", json.dumps(document).encode(), manifest["layers"][0]["mediaType"])
    manifest["layers"][0] = {"mediaType": made.media_type, "digest": made.digest, "size": made.size}
    stops.here.put_manifest("shop", json.dumps(manifest).encode(), tag=VERSION)
    return stops


def _promote(stops: Stops, required: str) -> tuple[Exit, list[str]]:
    paas = stops.world.project / "paas.yaml"
    showcase = f"environments: {{showcase: {{cluster: testbed, registry: rc, requires: [{required}]}}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))
    stops.forget()
    status, events = stops.promote()
    return status, [line for it in outcome(events).problems for line in it.evidence]


def test_it_is_looked_at_where_it_lies_and_let_in_where_that_vouches_for_it(elsewhere: Stops) -> None:
    assert _promote(elsewhere, "sbom") == (Exit.OK, [])


def test_it_is_not_let_in_where_nothing_there_does(elsewhere: Stops) -> None:
    status, evidence = _promote(elsewhere, "signature")
    assert (status, elsewhere.there.writes) == (Exit.REFUSED, 0)
    assert evidence == ["requires signature: image web: none is beside it"]


def test_it_is_let_in_where_nothing_is(elsewhere: Stops) -> None:
    assert elsewhere.promote()[0] is Exit.OK
