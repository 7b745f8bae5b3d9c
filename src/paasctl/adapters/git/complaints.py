"""What git complains of, as the error that says who must act, with the command that mends it."""

from __future__ import annotations

import re

from paasctl.errors import Forbidden, PaasError, Refused, Unavailable

_OWNER = re.compile(r"(?:dubious ownership in repository at|unsafe repository \()\s*'(?P<path>[^']+)'")
_NO_ACCESS = re.compile(
    r"permission denied|authentication failed|could not read (?:username|password)|terminal prompts disabled"
    r"|http basic: access denied|returned error: 40[13]|host key verification failed|not allowed to"
    r"|hook declined|is protected|protected (?:tag|ref)|permission to \S+ denied|marked as read only|write access",
    re.IGNORECASE,
)
_NOBODY = ("tell me who you are", "empty ident", "no email was given", "no name was given", "auto-detect")
_UNREADABLE = re.compile(r": permission denied$", re.IGNORECASE | re.MULTILINE)
_ELSEWHERE = re.compile(r"not a git repository: (?P<path>.+)")
_MENDS = (
    (r"ignoring broken ref (?P<it>refs/\S+)", 'rm "$(git rev-parse --git-path {it})" && git fetch --tags'),
    (r"(?P<it>index file|bad index|bad signature)", 'rm "$(git rev-parse --git-path index)" && git reset --quiet'),
    (r"(?:object file|\(stored in) (?P<it>[^\s)]+)\)? is (?:corrupt|empty)", "rm -f {it} && git fetch --refetch"),
    (
        r"unable to unpack (?P<at>\w\w)(?P<it>\w+) header",
        'rm -f "$(git rev-parse --git-path objects/{at}/{it})" && git fetch --refetch',
    ),
    (r"missing object \w+ for (?P<it>refs/tags/\S+)", "git update-ref -d {it} && git fetch --refetch --tags"),
    (r"(?P<it>bad object|could not (?:read|parse)|unable to read|missing|is corrupt)", "git fetch --refetch"),
)
"""What is broken in a repository, and what mends it; tried on broken ones by the tests."""


def failure(doing: str, complaint: str, code: int) -> PaasError:
    """The error for a failed git process, from its words; all lines of them are the evidence."""
    evidence = tuple(complaint.splitlines())
    said = _said(evidence) or f"git ended with {code} and said nothing"
    if found := _OWNER.search(complaint):
        return Refused(
            f"{doing}: git trusts no repository that belongs to somebody else ({found['path']})",
            hint=f"git config --global --add safe.directory {found['path']}",
            code="dubious-ownership",
            evidence=evidence,
        )
    if found := _ELSEWHERE.search(complaint):
        is_module = "/modules/" in found["path"]
        return Refused(
            f"{doing}: the repository that this folder belongs to is not there ({found['path']})",
            hint="git submodule update --init, above it" if is_module else "git worktree repair, in its main checkout",
            code="not-a-repository",
        )
    if "not a git repository" in complaint:
        return Refused(
            f"{doing}: this is no git repository", hint="git init, or use -C DIRECTORY", code="not-a-repository"
        )
    if _UNREADABLE.search(complaint):
        return unreadable(doing, said, evidence)
    if _NO_ACCESS.search(complaint):
        return Forbidden(f"{doing}: {said}", hint="check the credentials git uses for this remote", evidence=evidence)
    return Unavailable(f"{doing}: {said}", hint=_mend(complaint), evidence=evidence)


def nobody(doing: str, said: str) -> Refused | None:
    """What git complains of where it is to write a name and has none; None: of something else."""
    if not any(words in said for words in _NOBODY):
        return None
    return Refused(
        f"{doing}: git does not know who makes it",
        hint="git config user.name NAME && git config user.email ADDRESS",
        code="no-identity",
        evidence=tuple(said.splitlines()),
    )


def unreadable(doing: str, said: str, evidence: tuple[str, ...] = ()) -> PaasError:
    """A part of the repository that belongs to somebody else, or is closed to all."""
    hint = 'sudo chown -R "$(id -u)" .git && chmod -R u+rwX .git, in the top folder'
    return Forbidden(f"{doing}: {said}", hint=hint, evidence=evidence)


def _mend(complaint: str) -> str:
    """The command that mends what is broken; "" where it is not known."""
    for pattern, command in _MENDS:
        if found := re.search(pattern, complaint, re.IGNORECASE):
            return command.format(**found.groupdict())
    return ""


def _said(lines: tuple[str, ...]) -> str:
    """The line that says why: git puts it behind `fatal:` or `error:`, a remote behind `remote:`."""
    for mark in ("ERROR:", "fatal:", "error:", "remote:", " ! "):
        if found := [line.strip() for line in lines if line.startswith(mark)]:
            return found[0].removeprefix(mark).strip()
    return lines[-1].strip() if lines else ""
