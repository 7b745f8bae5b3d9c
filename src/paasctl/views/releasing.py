"""What the steps of a release do, in words: with every digest that is known before."""

from __future__ import annotations

from typing import assert_never

from paasctl.model.plan import Record, ReleaseStep, RunHook, Sign, TagCommit, TagImage

_DIGEST = len("sha256:") + 12


def say_release(step: ReleaseStep) -> str:
    """What it does, in the infinitive."""
    match step:
        case TagCommit():
            where = f" and push it to {step.remote}" if step.remote else " (there is no remote)"
            return f"tag commit {step.commit[:7]} as {step.tag}{where}"
        case Record():
            known = ", ".join(f"{name} {_short(pinned.digest)}" for name, pinned in step.pinned)
            return f"record the release as {step.repository}:{step.version}{f', with {known}' if known else ''}"
        case TagImage():
            known = f" ({_short(step.pinned.digest)})" if step.pinned else ""
            return f"tag {step.name} as {step.repository}:{step.tag}{known}"
        case Sign():
            known = f" ({_short(step.pinned.digest)})" if step.pinned else ""
            return f"sign {step.name or 'the record'} in {step.repository}{known}"
        case RunHook():
            return f"run the {step.name} hook: {step.command}"
        case _:
            assert_never(step)


def phase_release(step: ReleaseStep) -> str:
    """Which part of a release it belongs to."""
    match step:
        case TagCommit():
            return "tag"
        case Record():
            return "record"
        case TagImage():
            return "tag images"
        case RunHook():
            return step.name
        case Sign():
            return "sign"
        case _:
            assert_never(step)


def _short(digest: str) -> str:
    return digest[:_DIGEST]
