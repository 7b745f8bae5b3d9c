"""From a kubeconfig to a way in: host, TLS, authorization. Reads files and runs credential plugins; sends nothing."""

from __future__ import annotations

import base64
import hashlib
import ssl
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from paasctl.adapters.kube import loader
from paasctl.adapters.tls import settled
from paasctl.errors import ConfigError, PaasError, Unavailable
from paasctl.values import dataclass

IN_CLUSTER = "in-cluster"

_loading = Lock()
"""The library remembers the files it wrote by their content, for the whole process: of two threads with the same
authority, the second would read a file that the first has just taken away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Which kubeconfig, which context. An empty `kubeconfig` means `$KUBECONFIG` (a list), then `~/.kube/config`.

    Context `in-cluster` (or none, where there is no kubeconfig at all) is the service account of the pod we run in:
    a named context is never replaced by it, or a job without its kubeconfig would deploy to its own cluster (row D1).
    """

    context: str
    kubeconfig: str = ""
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def paths(self) -> tuple[str, ...]:
        """The kubeconfig files to merge that exist, first wins."""
        named = self.kubeconfig or self.environ.get("KUBECONFIG") or "~/.kube/config"
        found = (Path(path).expanduser() for path in named.split(":") if path)
        return tuple(str(path) for path in found if path.is_file())


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """A way into one API server. `authorization` is the header's value; `ca` the sha256 of the authority, hex."""

    host: str
    authorization: str = field(default="", repr=False)
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    ca: str = ""
    server_name: str = ""
    proxy: str = ""
    who: str = ""
    """Context and user, for messages."""


def open_access(where: Where) -> Access:
    """A way in, with fresh credentials. Raises `ConfigError` (no such context), `Unavailable` (plugin failed)."""
    try:
        return _open(where)
    except PaasError:
        raise
    except loader.kube_config().ConfigException as error:
        raise ConfigError(f"reading the kubeconfig of context {where.context!r}: {error}") from error
    except (loader.kube_config().yaml.YAMLError, ssl.SSLError, ValueError, OSError) as error:
        raise ConfigError(f"reading the kubeconfig {', '.join(where.paths)}: {error}") from error


def _open(where: Where) -> Access:
    configuration = loader.new_configuration()
    configuration.proxy = None
    if not where.paths:
        _load_in_cluster(where, configuration)
        return _access(configuration, IN_CLUSTER)
    merger = _merged(where)
    context = _context(where, merger)
    _run_plugin(merger.config, context)
    # the loader writes keys to files; none outlives this block
    with _loading, TemporaryDirectory(prefix="paasctl-") as folder:
        loader.kube_config().KubeConfigLoader(
            config_dict=merger.config,
            active_context=context["name"],
            config_base_path=None,
            config_persister=merger.save_changes,  # a rotated OpenID refresh token would be lost otherwise
            temp_file_path=folder,
        ).load_and_set(configuration)
        user = context["context"].safe_get("user") or "no user"
        return _access(configuration, f"context {context['name']!r}, user {user!r}")


def _merged(where: Where) -> Any:
    """The library's merger, which takes the shape of the files for granted."""
    try:
        return loader.kube_config().KubeConfigMerger(":".join(where.paths))
    except (TypeError, KeyError, AttributeError) as error:
        raise ConfigError(f"reading the kubeconfig {', '.join(where.paths)}: it is none: {error}") from error


def _load_in_cluster(where: Where, configuration: Any) -> None:
    inside = "KUBERNETES_SERVICE_HOST" in where.environ
    if where.context not in ("", IN_CLUSTER) or not inside:
        named = where.kubeconfig or where.environ.get("KUBECONFIG") or "~/.kube/config"
        raise ConfigError(
            f"connecting to context {where.context!r}: there is no kubeconfig at {named}",
            hint="export KUBECONFIG=… or pass --kubeconfig",
            code="kubeconfig-missing",
        )
    loader.incluster_config().load_incluster_config(configuration)


def _context(where: Where, merger: Any) -> Any:
    """The context's node. Where none was asked for: the first file's current one, as in kubectl."""
    wanted = where.context or next(
        (each["current-context"] for each in merger.config_files.values() if each.get("current-context")), ""
    )
    contexts = merger.config.value.get("contexts") or []
    for node in contexts:
        if node["name"] == wanted:
            return node
    names = ", ".join(sorted(node["name"] for node in contexts)) or "none at all"
    raise ConfigError(
        f"connecting to context {wanted!r}: {', '.join(where.paths)} has no such context, it has {names}",
        hint="name one of them at clusters.NAME.context, or pass --context",
        code="context-not-found",
    )


def _run_plugin(config: Any, context: Any) -> None:
    """Run the user's credential plugin ourselves and leave its answer as plain credentials.

    The library's loader logs a plugin's failure and goes on anonymously; not knowing is not "no credentials".
    """
    users = config.value.get("users") or []
    name = context["context"].safe_get("user")
    index = next((index for index, node in enumerate(users) if node["name"] == name), None)
    if index is None or "user" not in users[index] or "exec" not in users[index]["user"]:
        return
    user = users[index]["user"]
    if user.safe_get("token") or user.safe_get("tokenFile"):
        return
    cluster = config["clusters"].get_with_name(context["context"]["cluster"])["cluster"]
    plain = {key: value for key, value in user.value.items() if key != "exec"} | _credentials(user["exec"], cluster)
    node = type(users[index])
    users[index] = node(users[index].name, {"name": name, "user": plain}, users[index].path)


def _credentials(plugin: Any, cluster: Any) -> dict[str, str]:
    """What the plugin answers, as the kubeconfig's own words (client.authentication.k8s.io/v1)."""
    command = plugin["command"]
    folder = str(Path(cluster.path).parent) if cluster.path else ""
    exec_provider = loader.kube_config().ExecProvider
    try:
        status = exec_provider(plugin, folder, cluster).run()
    except loader.kube_config().ConfigException as error:
        raise Unavailable(f"asking {command} for credentials: {error}", code="credentials-unavailable") from error
    except (FileNotFoundError, PermissionError) as error:
        hint = plugin.safe_get("installHint") or f"install {command}"
        raise ConfigError(f"asking {command} for credentials: {error}", hint=hint, code="plugin-missing") from error
    if "token" in status:
        return {"token": status["token"]}
    if "clientCertificateData" in status and "clientKeyData" in status:
        return {
            "client-certificate-data": base64.b64encode(status["clientCertificateData"].encode()).decode(),
            "client-key-data": base64.b64encode(status["clientKeyData"].encode()).decode(),
        }
    raise Unavailable(f"asking {command} for credentials: it answered with none", code="credentials-unavailable")


def _access(configuration: Any, who: str) -> Access:
    host = str(configuration.host).rstrip("/")
    keys = configuration.api_key
    return Access(
        host=host,
        authorization=str(next(iter(keys.values()), "")),  # "BearerToken", "authorization" in older versions
        tls=_tls(configuration) if host.startswith("https") else None,
        ca=_authority(configuration.ssl_ca_cert),
        server_name=getattr(configuration, "tls_server_name", None) or "",
        proxy=configuration.proxy or _proxy(host),
        who=who,
    )


def _tls(configuration: Any) -> ssl.SSLContext:
    """One context for all connections: files are read once. Not X.509-strict, since many clusters' own CAs are not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if not configuration.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif configuration.ssl_ca_cert:
        context.load_verify_locations(configuration.ssl_ca_cert)
    else:
        context.load_default_certs()
    if configuration.cert_file:
        context.load_cert_chain(configuration.cert_file, configuration.key_file)
    return settled(context)


def _authority(path: str | None) -> str:
    """sha256 of the authority, white space aside: the same certificate laid out otherwise is the same."""
    return hashlib.sha256(b"".join(Path(path).read_bytes().split())).hexdigest() if path else ""


def _proxy(host: str) -> str:
    """The environment's proxy for this server, as curl and kubectl take it; loopback never goes through one."""
    parts = urlsplit(host)
    name = parts.hostname or ""
    if name == "localhost" or name.startswith("127.") or name == "::1" or proxy_bypass(parts.netloc):
        return ""
    return getproxies().get(parts.scheme, "")
