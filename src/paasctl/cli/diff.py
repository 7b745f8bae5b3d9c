"""`paasctl diff`."""

from __future__ import annotations

from paasctl.cli.complete import EnvironmentName, OnlyClusters, ReleaseVersion
from paasctl.cli.options import ExitCode, Settings, one


def diff(
    settings: Settings,
    environment: EnvironmentName,
    *,
    version: ReleaseVersion = None,
    cluster: OnlyClusters = None,
    exit_code: ExitCode = False,
) -> int:
    """What deploying a release would change there, field by field; values of Secrets are never shown.

    Examples:

      paasctl diff production --version 1.4.0

      paasctl diff dev --exit-code
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.diff import AskDiff

    question = AskDiff(
        environment=environment,
        version=version,
        clusters=tuple(cluster or ()),
        sets=tuple(settings.set or ()),
        exit_code=exit_code,
    )
    return Session(settings, "diff").ask(question)


app = one(diff)
