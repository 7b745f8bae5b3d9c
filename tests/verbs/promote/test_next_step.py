"""Refusals on the path name the command that leads on from where the release is."""

from __future__ import annotations

from paasctl.errors import Exit
from paasctl.verbs.deploy import Deploy
from support.conducted import go
from support.promoting import VERSION, Stops, outcome


def _third(stops: Stops) -> None:
    """A third stop, whose environment comes after the first one's."""
    paas = stops.world.project / "paas.yaml"
    last = f', prod: {{repository: "{stops.there.host}/last/shop"}}}}\nclusters:'
    text = paas.read_text().replace("}\nclusters:", last, 1)
    gated = "environments: {production: {cluster: testbed, registry: prod, after: [dev]}, "
    gated += "showcase: {cluster: testbed, registry: rc}, "
    paas.write_text(text.replace("environments: {", gated))


def _deploy(stops: Stops, environment: str) -> tuple[Exit, str]:
    found, events = go(Deploy(environment=environment, version=VERSION), stops.world.afresh())
    return found, next((it.hint for it in outcome(events).problems), "")


def _hint(stops: Stops, to: str) -> str:
    (problem,) = outcome(stops.promote(to=to)[1]).problems
    return problem.hint


def test_what_runs_well_where_releases_are_made_is_heard_further_on_by_another_promotion(stops: Stops) -> None:
    _third(stops)
    assert stops.promote()[0] is Exit.OK
    assert _deploy(stops, "dev")[0] is Exit.OK
    hint = _hint(stops, "production")
    assert hint.startswith(
        "paasctl deploy dev --version 0.1.0, where it does not run yet; "
        "then paasctl promote 0.1.0 --to rc, which brings word of it; or --override after"
    )
    assert stops.promote(to="rc")[0] is Exit.OK
    assert stops.promote(to="production")[0] is Exit.OK


def test_a_stop_that_was_left_out_is_named(stops: Stops) -> None:
    _third(stops)
    assert _hint(stops, "production").startswith("paasctl promote 0.1.0 --to rc, from the one before; or ")


def test_an_environment_that_lacks_the_release_is_told_how_to_get_it(stops: Stops) -> None:
    _third(stops)
    found, hint = _deploy(stops, "showcase")
    assert found is Exit.REFUSED
    assert hint.startswith("paasctl promote 0.1.0 --to showcase, from the registry before; ")
