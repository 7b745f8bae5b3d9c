"""One request and its answer over urllib3, and no more: no retry, no login, no redirect. Its errors stop here."""

from __future__ import annotations

import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from dataclasses import field
from http.client import BadStatusLine, RemoteDisconnected
from urllib.parse import urlsplit

import urllib3
from urllib3 import exceptions as wrong

from paasctl import __version__
from paasctl.adapters.registry.lines import Lines
from paasctl.adapters.registry.names import Access
from paasctl.adapters.registry.retry import Broken, Fault, Patience
from paasctl.adapters.registry.trust import proxy_for, tls_context
from paasctl.errors import Unavailable, exhausted
from paasctl.values import dataclass

CHUNK = 1 << 20
_CONNECTIONS = 8
_BODY_LIMIT = 32 << 20  # manifests may have 4 MiB (distribution-spec), lists of tags have no limit of their own
_HURRY = urllib3.Timeout(connect=2.0, read=2.0)
_HEADERS = {"User-Agent": f"paasctl/{__version__}", "Accept-Encoding": "identity"}


@dataclass(frozen=True, slots=True)
class Body:
    """What a request carries, replayable: `pieces` starts anew at every call. `size` in bytes."""

    size: int
    pieces: Callable[[], Iterator[bytes | memoryview]]

    @classmethod
    def of(cls, content: bytes) -> Body:
        """A small body."""
        return cls(len(content), lambda: iter((content,) if content else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A request. `url` is a path below the registry or absolute; `doing` starts every message about it."""

    method: str
    url: str
    doing: str
    access: Access
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body | None = None
    stream: bool = False
    """Leave the body of a 200 or 206 on the wire, for `Answer.chunks`."""
    hurried: bool = False
    """Nobody waits long for the answer."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is empty while `raw` holds a body still on the wire."""

    status: int
    headers: urllib3.HTTPHeaderDict
    url: str
    body: bytes = b""
    raw: urllib3.BaseHTTPResponse | None = None

    def chunks(self) -> Generator[bytes]:
        """The body in chunks of at most 1 MiB; a broken connection raises `Broken`. Left early, it is closed."""
        if self.raw is None:
            yield self.body
            return
        try:
            yield from self.raw.stream(CHUNK, decode_content=False)
        except wrong.HTTPError as error:
            raise Broken(Fault(_reason(error))) from error
        finally:
            self.raw.close()


class Wire:
    """The connections to one registry, and to where it sends us. Safe to use from several threads."""

    def __init__(
        self, host: str, environ: Mapping[str, str], patience: Patience, asked: Callable[[], bool] | None = None
    ) -> None:
        """`asked`: whether the run was asked to stop; what is silent then is cut off."""
        self.requests: Counter[str] = Counter()
        """How many requests went out, by method; those for tokens under `TOKEN`."""
        self._host = host
        self._environ = environ
        self._longest = patience.total
        self._timeout = urllib3.Timeout(connect=patience.connect, read=patience.read)
        self._lock = threading.Lock()
        self._lines = Lines(asked)
        self._pools: dict[str | None, urllib3.PoolManager] = {}
        self._proxies: dict[str, str | None] = {}
        """Scheme and host -> the proxy for it: the rules are read once."""
        self._context: ssl.SSLContext | None = None

    def send(self, call: Call, url: str, authorization: str = "", *, counts_as: str = "") -> Answer:
        """The answer, whatever its status. `Broken`: none came; `Unavailable`: none will, as things are set up."""
        if not url.startswith(("http:", "https:")):
            raise Unavailable(f"{call.doing}: the registry sends us to {url}, which is no address of HTTP")
        headers = _HEADERS | dict(call.headers)
        if authorization:
            headers["Authorization"] = authorization
        if call.body is not None:
            headers["Content-Length"] = str(call.body.size)
        with self._lock:
            self.requests[counts_as or call.method] += 1
        with self._translated(call.doing, url), _opened(call.body) as body:
            raw = self._pool(url).urlopen(
                call.method,
                url,
                body=body,
                headers=headers,
                timeout=_HURRY if call.hurried else self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
            return _taken(call, url, raw, time.monotonic() + self._longest)

    def close(self) -> None:
        """Let go of all idle connections."""
        self._lines.close()
        with self._lock:
            for pool in self._pools.values():
                pool.clear()

    def _pool(self, url: str) -> urllib3.PoolManager:
        where = url[: url.find("/", len("https://"))]
        if where not in self._proxies:
            self._proxies[where] = proxy_for(url, self._environ)
        proxy = self._proxies[where]
        with self._lock:
            if url.startswith("https:") and not self._context:
                self._context = tls_context(self._host, self._environ)
                self._pools.clear()  # those made without it would check against other authorities
            if proxy not in self._pools:
                self._pools[proxy] = self._made(proxy)
                self._lines.watch(self._pools[proxy])
            return self._pools[proxy]

    def _made(self, proxy: str | None) -> urllib3.PoolManager:
        # block stays False: a thread may stream a blob down while it sends one up, and must not wait for itself.
        if proxy is None:
            return urllib3.PoolManager(maxsize=_CONNECTIONS, ssl_context=self._context)
        auth = urlsplit(proxy)
        login = f"{auth.username}:{auth.password or ''}" if auth.username else None
        return urllib3.ProxyManager(
            proxy,
            maxsize=_CONNECTIONS,
            ssl_context=self._context,
            proxy_headers=urllib3.make_headers(proxy_basic_auth=login),
        )

    @contextmanager
    def _translated(self, doing: str, url: str) -> Iterator[None]:
        try:
            yield
        except wrong.SSLError as error:
            raise self._mistrusted(error, doing, url) from error
        except (wrong.NewConnectionError, wrong.ConnectTimeoutError, wrong.ProxyError) as error:
            if lack := exhausted(error.__cause__):
                raise lack from error
            host, proxy = urlsplit(url).netloc, urlsplit(proxy_for(url, self._environ) or "")
            way = f" through the proxy {proxy.hostname}:{proxy.port}" if proxy.hostname else ""
            raise Broken(Fault(f"no connection to {host}{way}: {_reason(error)}", dialled=True)) from error
        except wrong.HTTPError as error:
            raise Broken(Fault(_reason(error))) from error

    def _mistrusted(self, error: wrong.SSLError, doing: str, url: str) -> Exception:
        cause = error.args[0] if error.args else None
        host = urlsplit(url).netloc
        if isinstance(cause, ssl.SSLCertVerificationError):
            why = cause.verify_message or "verification failed"
            hint = f"put its authority into /etc/docker/certs.d/{host}/ca.crt, or let SSL_CERT_FILE name it"
            return Unavailable(f"{doing}: the certificate of {host} is not trusted: {why}", hint=hint, code="untrusted")
        if isinstance(cause, ssl.SSLError) and cause.reason in ("WRONG_VERSION_NUMBER", "HTTP_REQUEST"):
            hint = "set `insecure: true` on the registry in paas.yaml, if plain HTTP is what it should speak"
            hint += f'; without one, write server = "http://{host}" into /etc/containers/certs.d/{host}/hosts.toml'
            return Unavailable(f"{doing}: {host} does not speak TLS", hint=hint, code="not-tls")
        return Broken(Fault(f"TLS with {host} failed: {cause}", dialled=True))


@contextmanager
def _opened(body: Body | None) -> Iterator[Iterator[bytes | memoryview] | None]:
    pieces = body.pieces() if body is not None and body.size else None
    close = getattr(pieces, "close", None)
    with closing(pieces) if close else nullcontext():  # type: ignore[type-var]  # only generators have a close
        yield pieces


def _taken(call: Call, url: str, raw: urllib3.BaseHTTPResponse, until: float) -> Answer:
    headers = raw.headers
    if call.stream and raw.status in (200, 206):
        return Answer(raw.status, headers, url, raw=raw)
    try:
        return Answer(raw.status, headers, url, _whole(call, raw, until))
    finally:
        raw.release_conn()


def _whole(call: Call, raw: urllib3.BaseHTTPResponse, until: float) -> bytes:
    """The body to its end: only the read after the last bytes says whether some are missing."""
    body = bytearray()
    while piece := raw.read1(CHUNK, decode_content=False):
        body += piece
        if len(body) > _BODY_LIMIT:
            raw.close()
            raise Unavailable(f"{call.doing}: the answer is longer than {_BODY_LIMIT >> 20} MiB")
        if time.monotonic() > until:  # byte by byte, each in time: no read timeout ever sees it
            raw.close()
            raise Broken(Fault("the answer comes too slowly"))
    return bytes(body)


def _reason(error: wrong.HTTPError) -> str:
    """What a person needs of urllib3's nested errors: the innermost sentence."""
    inner: BaseException = error
    while following := next((it for it in inner.args[::-1] if isinstance(it, BaseException)), inner.__cause__):
        if isinstance(inner, (wrong.NameResolutionError, wrong.ReadTimeoutError)):
            break
        inner = following
    if isinstance(inner, wrong.NameResolutionError):
        return "its name is not known here"
    if isinstance(inner, wrong.ReadTimeoutError):
        return "the answer took too long"
    if isinstance(inner, BadStatusLine) and not isinstance(inner, RemoteDisconnected):
        return "what answers there does not speak HTTP"
    if isinstance(inner, (wrong.IncompleteRead, wrong.ProtocolError)):
        return "the answer broke off"
    if isinstance(inner, OSError) and inner.strerror:
        return inner.strerror
    return str(inner.args[-1] if inner.args else inner) or type(inner).__name__
