"""An image that its record names by an address of its own stays there: where something is required, that is no yes."""

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


def test_it_is_not_let_in_where_something_is_required(elsewhere: Stops) -> None:
    paas = elsewhere.world.project / "paas.yaml"
    showcase = "environments: {showcase: {cluster: testbed, registry: rc, requires: [sbom]}, "
    paas.write_text(paas.read_text().replace("environments: {", showcase))
    elsewhere.forget()
    status, events = elsewhere.promote()
    (problem,) = outcome(events).problems
    assert (status, problem.code, elsewhere.there.writes) == (Exit.REFUSED, "gate-closed", 0)
    assert problem.evidence[0].endswith("/shop/web, where nobody looks")


def test_it_is_let_in_where_nothing_is(elsewhere: Stops) -> None:
    assert elsewhere.promote()[0] is Exit.OK
