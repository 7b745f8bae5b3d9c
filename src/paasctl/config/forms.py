"""The grammars of texts in `paas.yaml`: names, durations, sizes, places. Each says what it wants, with an example."""

from __future__ import annotations

import re
import warnings
from dataclasses import replace

from paasctl.config.cron import check_schedule
from paasctl.config.requires import parse_range
from paasctl.config.shape import Form
from paasctl.config.words import PRIVATE
from paasctl.model.approving import KEY_TYPES, PublicKey
from paasctl.model.image import Platform, Repository, parse_reference
from paasctl.model.window import PATTERN as WINDOW_PATTERN
from paasctl.model.window import Window

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_DURATION = r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+"
_TEMPLATE = re.compile(r"\{\{.*\}\}", re.DOTALL)


def parse_duration(text: str) -> float:
    """Seconds of `90s`, `5m`, `1h`, `1h30m`, `500ms`, `3d`; anything else is a `ValueError`."""
    if len(text) > 40 or not re.fullmatch(_DURATION, text):
        raise ValueError(f"not a duration (want 90s, 5m or 1h30m): {text!r}")
    parts = re.findall(r"([0-9.]+)(ms|s|m|h|d)", text)
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))


def is_template(text: str) -> bool:
    """Whether the text holds `{{ … }}`, so that its final value isn't known yet."""
    return bool(_TEMPLATE.search(text))


def _regular_expression(text: str) -> str:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error
    return text


def _inside(text: str) -> str:
    if text.startswith(("/", "~")) or ".." in text.split("/"):
        raise ValueError("it leads out of the project")
    return text


def _in_repository(text: str) -> str:
    if ".." in text.split("/"):
        raise ValueError("begin with / for a path below the repository's top folder")
    return text


def _base(text: str) -> str:
    if text != "scratch" and not (text.startswith("oci:") and len(text) > len("oci:")):
        name = text.rpartition("/")[2]
        if ":" not in name and "@" not in name:
            raise ValueError("it has neither a tag nor a digest")
        try:
            parse_reference(text)
        except ValueError:
            raise ValueError("it has no host, or characters that no image may have") from None
    return text


def is_key(text: str) -> bool:
    """Whether it is a public key, and no path of a file."""
    return text.partition(" ")[0] in KEY_TYPES


def _signer(text: str) -> str:
    kind = text.partition(" ")[0]
    if is_key(text):
        return str(PublicKey.parse(text))
    if PRIVATE in text:
        raise ValueError("that is a private key: take it out, make another, and write its .pub here")
    if kind.startswith(("ssh-", "ecdsa-", "sk-")) and " " in text:
        raise ValueError(f"{kind} is no kind of key that signs: {', '.join(KEY_TYPES[:3])} are")
    return _inside(text)


def _repository(text: str) -> Repository:
    host, _, path = text.partition("/")
    if "@" in path or ":" in path:
        raise ValueError("leave the tag out: versions are tags")
    if not path or not (set(host) & set(".:[") or host == "localhost"):
        raise ValueError("the host is missing, and there is no default host")
    try:
        return Repository.parse(text)
    except ValueError:
        raise ValueError("a path has only a-z, 0-9, and . _ - / between them") from None


def _range(text: str) -> str:
    parse_range(text)
    return text


ANY = Form(words="a text", example="text")
WORD = Form(words="a text without blanks", example="name", pattern=r"[^\s]+")
LABEL = Form(
    words="a DNS label (a-z, 0-9 and -, at most 63)",
    example="web",
    pattern=r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?",
    longest=63,
)
NAME = replace(LABEL, example="dev")
SERVICE = Form(
    words="a DNS label that starts with a letter (a-z, 0-9 and -, at most 63)",
    example="web",
    pattern=r"[a-z](?:[-a-z0-9]*[a-z0-9])?",
    longest=63,
)
SUBDOMAIN = Form(
    words="a Kubernetes name (a-z, 0-9, - and .)",
    example="db-credentials",
    pattern=r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*",
    longest=253,
)
ENV_NAME = Form(words="a name of an environment variable", example="LOG_LEVEL", pattern=r"[A-Za-z_][A-Za-z0-9_.-]*")
ARG_NAME = Form(words="a name of a build argument", example="JAVA", pattern=r"[A-Za-z_][A-Za-z0-9_]*")
DATA_KEY = Form(
    words="a file name (letters, digits, ., _ and -)", example="app.ini", pattern=r"[-._a-zA-Z0-9]+", longest=253
)
NAME_AND_KEY = Form(
    words="name/key of an object in the namespace", example="db/url", pattern=rf"{SUBDOMAIN.pattern}/[-._a-zA-Z0-9]+"
)
NAMESPACE_AND_NAME = Form(
    words="namespace/name", example="infra/public", pattern=rf"{LABEL.pattern}/{SUBDOMAIN.pattern}"
)
DURATION = Form(words="a duration", example="90s", pattern=_DURATION, parse=parse_duration)
OCTAL = Form(words="permission bits in octal", example="0644", pattern=r"0?[0-7]{3,4}", parse=lambda text: int(text, 8))
QUANTITY = Form(
    words="a size in Kubernetes' notation",
    example="1Gi",
    pattern=r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[KMGTPE]i|[numkMGTPE]|[eE][-+]?[0-9]+)?",
)
PATTERN = Form(words="a regular expression", example="release/.*", parse=_regular_expression)
TAG_PREFIX = Form(words="the beginning of a git tag", example="v", pattern=r"(?:[A-Za-z0-9_+-][A-Za-z0-9_+/-]*)?")
VERSION = Form(
    words="a version (MAJOR.MINOR.PATCH)", example="0.1.0", pattern=r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*)){2}"
)
TAG_SEPARATOR = Form(words="what may stand in a git tag", example="-", pattern=r"[A-Za-z0-9_+/-]*")
PRERELEASE = Form(
    words="a pre-release part of a version that begins with a letter",
    example="rc.1",
    pattern=r"[A-Za-z][0-9A-Za-z-]*(?:\.(?:0|[1-9][0-9]*|[0-9]*[A-Za-z-][0-9A-Za-z-]*))*",
)
MARKER = Form(words="a word (letters, digits, -) or nothing", example="alpha", pattern=r"(?:[A-Za-z][0-9A-Za-z-]*)?")
MARK = Form(words="a word of letters, digits and -", example="SNAPSHOT", pattern=r"[A-Za-z][0-9A-Za-z-]*")
IN_REPOSITORY = Form(
    words="a path below the folder of paas.yaml, or with a leading / below the repository's",
    example="/libs/common",
    pattern=r"[^\0]+",
    parse=_in_repository,
)
PATH = Form(words="a path below the folder of paas.yaml", example="config/app.ini", pattern=r"[^\0]+", parse=_inside)
ANY_PATH = Form(words="a path", example="~/.secrets/key", pattern=r"[^\0]+")
ABSOLUTE = Form(words="an absolute path in the container", example="/var/data", pattern=r"/[^\0]*")
URL_PATH = Form(words="a path that starts with /", example="/healthz", pattern=r"/[^\s#]*")
HOST = Form(
    words="a host name or a template",
    example="shop.example",
    pattern=r"(?:\*\.)?[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*",
    longest=253,
    templated=True,
)
BASE = Form(
    words="scratch, host/path:tag, host/path@sha256:… or oci:DIR", example="registry.example/java:21", parse=_base
)
REPOSITORY = Form(words="host/path", example="registry.example/shop", parse=_repository)
PLATFORM = Form(
    words="os/architecture", example="linux/amd64", pattern=r"linux/[a-z0-9_]+(?:/[a-z0-9]+)?", parse=Platform.parse
)
SECRET_ID = Form(
    words="a name (letters, digits, ., _ and -)", example="npm", pattern=r"[A-Za-z0-9_][-._A-Za-z0-9]*", longest=253
)
WINDOW = Form(
    words="a window, each week or between two dates, in UTC or in a zone",
    example="Fri 16:00 to Mon 08:00 Europe/Berlin",
    pattern=WINDOW_PATTERN,
    parse=lambda text: Window.parse(text).text,
)
VOUCHER = Form(
    words="signature, sbom, provenance or the address of a predicate",
    example="provenance",
    pattern=r"signature|sbom|provenance|https?://[^\s]+",
)
PUBLIC_KEY = Form(words="a public key in PEM, or the path of one", example="keys/cosign.pub", pattern=r"[^\0]+")
SIGNER = Form(
    words="an SSH public key, or a file with some",
    example="keys/anna.pub",
    pattern=r"[^\0]+",
    parse=_signer,
)
PERSON = Form(
    words="a name in one line",
    example="anna",
    pattern=r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f])?",
    longest=100,
)
EMAIL = Form(words="an e-mail address", example="anna@shop.example", pattern=r"[^\s@<>]+@[^\s@<>]+")
TAG_PATTERN = Form(words="a tag, with * and ? for what may differ", example="*-lts", pattern=r"[A-Za-z0-9_.*?-]{1,128}")
PYTHON = Form(words="a version of Python", example="3.13", pattern=r"3\.[0-9]{1,2}")
JAVA_CLASS = Form(
    words="a name of a class",
    example="com.example.Main",
    pattern=r"(?:[A-Za-z_][A-Za-z0-9_]*\.)*[A-Za-z_][A-Za-z0-9_$]*",
)
PORT = Form(words="a port, alone or with its protocol", example="8080/udp", pattern=r"[0-9]{1,5}(?:/(?:tcp|udp|sctp))?")
SIGNAL = Form(words="a signal", example="SIGTERM", pattern=r"SIG[A-Z0-9+-]+|[0-9]{1,2}")
SCHEDULE = Form(words="a cron schedule", example="0 3 * * *", parse=check_schedule)
RANGE = Form(words="a range of versions", example=">=0.4, <1", parse=_range)
