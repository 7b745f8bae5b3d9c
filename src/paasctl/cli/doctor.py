"""`paasctl doctor`."""

from __future__ import annotations

from paasctl.cli.options import Settings, one


def doctor(settings: Settings) -> int:
    """What this machine, the registries and the clusters lack for a release and a deploy.

    Examples:

      paasctl doctor

      paasctl doctor --output json
    """
    from paasctl.cli.session import Session
    from paasctl.verbs.doctor import AskDoctor

    return Session(settings, "doctor").ask(AskDoctor())


app = one(doctor)
