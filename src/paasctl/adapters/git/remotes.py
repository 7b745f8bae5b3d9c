"""The checkout's remotes, as its configuration names them."""

from __future__ import annotations

from paasctl.adapters.git.command import GitCommand
from paasctl.adapters.git.complaints import failure
from paasctl.errors import Refused
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Remotes:
    """The remote git itself would push to, and whether one is set up to bring no tags."""

    chosen: str | None
    without_tags: bool


def read_remotes(git: GitCommand, branch: str | None) -> Remotes:
    """The remotes; several, of which none is marked to push to, are refused."""
    answered = git.run("config", "--null", "--get-regexp", r"^(remote|branch)\.")
    if answered.code not in (0, 1):  # 1: nothing matches
        raise failure(f"reading the configuration of {git.folder}", answered.complaint, answered.code)
    lines = (line.partition("\n") for line in answered.out.decode("utf-8", "replace").split("\0") if line)
    settings = {name: value for name, _, value in lines}
    names = [it[len("remote.") : -len(".url")] for it in settings if it.startswith("remote.") and it.endswith(".url")]
    wanted = (f"branch.{branch}.pushremote", "remote.pushdefault", f"branch.{branch}.remote")
    chosen = [settings[it] for it in wanted if settings.get(it) in names] + [it for it in names if it == "origin"]
    if not chosen and len(names) > 1:
        raise Refused(
            f"choosing the remote for release tags: {', '.join(sorted(names))} are there, none marked to push to",
            hint=f"git config remote.pushDefault {min(names)}",
            code="ambiguous-remote",
        )
    return Remotes(
        chosen=next(iter(chosen or names), None),
        without_tags="--no-tags" in (settings.get(f"remote.{it}.tagopt") for it in names),
    )


def remote_url(git: GitCommand) -> str:
    """URL of `origin`, or of the only remote; empty where there is no repository, no remote or several."""
    answered = git.run("remote", "-v")
    lines = (line.split() for line in answered.out.decode("utf-8", "replace").splitlines())
    urls = {words[0]: words[1] for words in lines if len(words) > 1}
    return urls.get("origin") or (next(iter(urls.values())) if len(urls) == 1 else "")
