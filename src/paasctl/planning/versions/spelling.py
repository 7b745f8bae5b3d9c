"""One text in the spellings that others allow: image tag, label, DNS name, SemVer identifier (failure rows V8, W7).

Each has its own rule. A text that already obeys comes back as it is; one that is cut ends in a hash of the whole, so
that two long texts stay two.
"""

from __future__ import annotations

import hashlib
import re

_HASH = 8


def image_tag(text: str) -> str:
    """As a tag of an image: at most 128 of `[A-Za-z0-9_.-]`, not led by `.` or `-` (distribution-spec, pulling)."""
    return _spelled(text, r"[^A-Za-z0-9_.-]", 128, ends="", starts=".-")


def label_value(text: str) -> str:
    """As a label's value: at most 63 of `[A-Za-z0-9_.-]`, a letter or digit at both ends."""
    return _spelled(text, r"[^A-Za-z0-9_.-]", 63, ends="._-", starts="._-")


def dns_label(text: str) -> str:
    """As a DNS label (RFC 1123): at most 63 of `[a-z0-9-]`, a letter or digit at both ends."""
    return _spelled(text.lower(), r"[^a-z0-9-]+", 63, ends="-", starts="-")


def prerelease_word(text: str) -> str:
    """As one SemVer identifier for a branch: at most 40 of `[0-9A-Za-z-]`, never a bare number."""
    word = _spelled(text, r"[^0-9A-Za-z-]+", 40, ends="-", starts="-")
    return f"b-{word}" if word.isdigit() else word


def _spelled(text: str, forbidden: str, limit: int, *, starts: str, ends: str) -> str:
    word = re.sub(forbidden, "-", text, flags=re.ASCII).lstrip(starts).rstrip(ends)
    digest = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_HASH]
    if len(word) > limit:
        return f"{word[: limit - _HASH - 1].rstrip('._-')}-{digest}"
    return word or f"x{digest}"
