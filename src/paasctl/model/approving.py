"""Approvals: who may give them, how many a place wants, what was said, and the step that says one more."""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import Literal

from paasctl.model.image import Descriptor, Repository
from paasctl.values import dataclass

APPROVAL_TYPE = "application/vnd.paasctl.approval.v1+json"
"""`artifactType` of a signed approval, and of one that takes it back; its `subject` is the release record."""
NAMESPACE = "paasctl-approval"
"""What the signature is for (`ssh-keygen -n`): one that was made for something else is none."""
KEY_TYPES = (
    "ssh-ed25519",
    "ssh-rsa",
    "ecdsa-sha2-nistp256",
    "ecdsa-sha2-nistp384",
    "ecdsa-sha2-nistp521",
    "sk-ssh-ed25519@openssh.com",
    "sk-ecdsa-sha2-nistp256@openssh.com",
)
"""Kinds of SSH keys that sign; `ssh-dss` is too weak, and a certificate is nobody's own."""

Voice = Literal["approved", "withdrawn"]


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An SSH public key, as a line of `authorized_keys` has it, without its comment."""

    kind: str
    content: str
    """Base64."""

    @classmethod
    def parse(cls, line: str) -> PublicKey:
        """`ssh-ed25519 AAAA… comment`; anything else is a `ValueError` that says why."""
        kind, _, rest = line.strip().partition(" ")
        if kind not in KEY_TYPES:
            raise ValueError(f"it is no SSH public key that signs, which begins with {KEY_TYPES[0]} or its like")
        content = rest.split()[0] if rest.split() else ""
        try:
            blob = base64.b64decode(content, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError(f"what follows {kind} is no base64") from None
        if blob[:4] != len(kind).to_bytes(4, "big") or blob[4 : 4 + len(kind)] != kind.encode():
            raise ValueError(f"what follows {kind} is no key of that kind")
        return cls(kind, base64.b64encode(blob).decode())  # one key, one spelling

    @property
    def fingerprint(self) -> str:
        """`SHA256:…`, as `ssh-keygen -l` shows it."""
        found = hashlib.sha256(base64.b64decode(self.content)).digest()
        return f"SHA256:{base64.b64encode(found).decode().rstrip('=')}"

    def __str__(self) -> str:
        return f"{self.kind} {self.content}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Approver:
    """`approvers.NAME`: a person, by all of the keys they have."""

    name: str
    keys: tuple[str, ...]
    """Public keys, or paths of files with some."""
    emails: tuple[str, ...] = ()
    """As git knows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """`environments.NAME.approvals`: how many people must approve a release before it is let in."""

    count: int
    not_author: bool = False
    """Whether that of whoever made the release does not count."""
    within: float | None = None
    """Seconds that an approval is good for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One that lies beside a record, looked at: whose it is, what it says, or why it says nothing."""

    id: str
    """The digest of its manifest."""
    by: str = ""
    """The approver whose key has signed it; empty: nobody's."""
    fault: str = ""
    """Why it counts nowhere; empty: it is what it should be."""
    voice: Voice = "approved"
    record: str = ""
    """The digest of the release record that it is about."""
    environments: tuple[str, ...] = ()
    at: str = ""
    """RFC 3339, in UTC: texts sort as times do."""
    why: str = ""

    @property
    def when(self) -> str:
        """To the second, for people."""
        return f"{self.at.rstrip('Z').partition('.')[0]}Z" if self.at else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningWith:
    """An SSH key that can sign here."""

    fingerprint: str
    key: str
    """The path of its file; or the public key, where an agent has the other half."""
    source: str
    """Where it was found: `--key`, `git` or `ssh-agent`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """Attach a signed approval to a release's record in one registry, or a signed word that takes it back."""

    version: str
    voice: Voice
    environments: tuple[str, ...]
    by: str
    key: SigningWith
    repository: Repository
    tag: str
    record: Descriptor
    reason: str = ""
    after: str = ""
    """When the same person said something last: what is said now must be newer, whatever this machine's clock says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What approvals of one release for one environment come to."""

    environment: str
    wanted: int
    given: tuple[str, ...] = ()
    """People, each once."""
    missing: int = 0
    may: tuple[str, ...] = ()
    """Who could still approve."""
    uncounted: tuple[str, ...] = ()
    """Why each of the others does not count."""
    unknown: str = ""
    """Why none can count; empty: they can."""

    @property
    def is_met(self) -> bool:
        """Whether there are enough."""
        return not self.missing and not self.unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A release that is not where an environment takes its releases from, and what approvals it has for there."""

    version: str
    registry: str
    """Where it lies, nearest to there."""
    tally: Tally
    unread: str = ""
    """Why it could not be found out what approvals it has; empty: it was. Without a version: of none of them."""
