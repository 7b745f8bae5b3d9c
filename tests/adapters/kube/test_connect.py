"""From kubeconfigs to a way in: contexts, credential plugins, lists of files, pods."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from paasctl.adapters.kube.cluster import KubeCluster
from paasctl.adapters.kube.connect import IN_CLUSTER, Where, open_access
from paasctl.embedded.kube.api.access import User
from paasctl.embedded.kube.simulation import simulate
from paasctl.errors import ConfigError, Unavailable
from support.clusters import Ticks, kubeconfig, kubeconfig_of

PLUGIN = """
import json, os, pathlib, sys
count = pathlib.Path(sys.argv[1])
number = int(count.read_text()) + 1 if count.exists() else 1
count.write_text(str(number))
asked = json.loads(os.environ["KUBERNETES_EXEC_INFO"])
print(json.dumps({"apiVersion": asked["apiVersion"], "kind": "ExecCredential", "status": {"token": f"t{number}"}}))
"""


def plugin(*argv: str, **more: Any) -> dict[str, Any]:
    api = "client.authentication.k8s.io/v1"
    return {"exec": {"apiVersion": api, "command": argv[0], "args": list(argv[1:]), **more}}


def config(path: Path, *contexts: str, current: str = "") -> Path:
    whole = {
        "clusters": [{"name": name, "cluster": {"server": f"http://{name}.example"}} for name in contexts],
        "contexts": [{"name": name, "context": {"cluster": name, "user": f"u-{name}"}} for name in contexts],
        "users": [{"name": f"u-{name}", "user": {"token": f"t-{name}"}} for name in contexts],
        **({"current-context": current} if current else {}),
    }
    path.write_text(json.dumps(whole))
    return path


def test_a_context_is_found_in_any_file_of_the_list(tmp_path: Path) -> None:
    files = (config(tmp_path / "one", "dev"), tmp_path / "missing", config(tmp_path / "two", "prod"))
    listed = ":".join(str(path) for path in files)
    access = open_access(Where(context="prod", environ={"KUBECONFIG": listed}))
    assert (access.host, access.authorization) == ("http://prod.example", "Bearer t-prod")


def test_a_named_kubeconfig_hides_the_environments(tmp_path: Path) -> None:
    environ = {"KUBECONFIG": str(config(tmp_path / "one", "dev"))}
    named = str(config(tmp_path / "two", "prod"))
    with pytest.raises(ConfigError, match="it has prod"):
        open_access(Where(context="dev", kubeconfig=named, environ=environ))


def test_without_a_context_the_first_files_current_one_is_meant(tmp_path: Path) -> None:
    files = (config(tmp_path / "one", "dev", current="dev"), config(tmp_path / "two", "prod", current="prod"))
    access = open_access(Where(context="", environ={"KUBECONFIG": ":".join(map(str, files))}))
    assert access.host == "http://dev.example"


def test_a_context_that_is_missing_names_those_there_are(tmp_path: Path) -> None:  # D1
    with pytest.raises(ConfigError, match=r"'production'.* it has dev, prod") as refused:
        open_access(Where(context="production", kubeconfig=str(config(tmp_path / "k", "prod", "dev"))))
    assert refused.value.code == "context-not-found"


def test_a_kubeconfig_that_is_missing_is_never_replaced_by_the_pods_own_cluster(tmp_path: Path) -> None:  # D1
    inside = {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443"}
    missing = str(tmp_path / "missing")
    with pytest.raises(ConfigError, match="no kubeconfig at") as refused:
        open_access(Where(context="production", environ={**inside, "KUBECONFIG": missing}))
    assert refused.value.code == "kubeconfig-missing"
    with pytest.raises(ConfigError):
        open_access(Where(context=IN_CLUSTER, environ={"KUBECONFIG": missing}))


@pytest.mark.parametrize("text", ["{", "", "[]", '{"contexts": 3}', "contexts:\n- name: here\n"])
def test_a_broken_kubeconfig_is_the_authors(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken"
    path.write_text(text)
    with pytest.raises(ConfigError):
        open_access(Where(context="here", kubeconfig=str(path)))


def test_a_certificate_that_is_none_is_told(tmp_path: Path) -> None:
    where = kubeconfig(tmp_path / "k", "https://127.0.0.1:1", {}, **{"certificate-authority-data": "bm9uZQ=="})
    with pytest.raises(ConfigError, match=str(tmp_path)):
        open_access(where)


def test_credentials_are_never_shown(tmp_path: Path) -> None:  # D33
    access = open_access(Where(context="dev", kubeconfig=str(config(tmp_path / "k", "dev"))))
    assert "t-dev" not in repr(access)


def test_a_plugins_token_is_used_and_asked_for_again_when_it_ran_out(tmp_path: Path) -> None:  # D7
    script, count = tmp_path / "plugin.py", tmp_path / "count"
    script.write_text(PLUGIN)
    with simulate() as api:
        api.access.tokens = {"t1": User("jane")}
        where = kubeconfig_of(api, tmp_path / "k", plugin(sys.executable, str(script), str(count)))
        cluster = KubeCluster("test", where, Ticks())
        assert cluster.namespace_exists("default")
        assert cluster.namespace_exists("default")
        api.access.tokens = {"t2": User("jane")}
        assert cluster.namespace_exists("default")
    assert count.read_text() == "2"


def test_a_plugin_that_fails_is_no_anonymous_user(tmp_path: Path) -> None:  # D7
    failing = plugin(sys.executable, "-c", "raise SystemExit('the session ran out: log in again')")
    with pytest.raises(Unavailable, match="the session ran out: log in again") as refused:
        open_access(kubeconfig(tmp_path / "k", "http://127.0.0.1:1", failing))
    assert refused.value.code == "credentials-unavailable"


def test_a_plugin_that_answers_with_nothing_is_told(tmp_path: Path) -> None:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {}}
    empty = plugin(sys.executable, "-c", f"print({json.dumps(json.dumps(answer))})")
    with pytest.raises(Unavailable, match="answered with none"):
        open_access(kubeconfig(tmp_path / "k", "http://127.0.0.1:1", empty))


def test_a_plugin_that_is_missing_says_how_to_get_it(tmp_path: Path) -> None:
    missing = plugin("paasctl-no-such-plugin", installHint="see https://plugin.example")
    with pytest.raises(ConfigError, match="paasctl-no-such-plugin") as refused:
        open_access(kubeconfig(tmp_path / "k", "http://127.0.0.1:1", missing))
    assert refused.value.hint == "see https://plugin.example"


def test_no_private_key_is_left_on_disk(tmp_path: Path) -> None:
    seen = "import tempfile, os; tempfile.tempdir = os.environ['KEEP']\n"
    seen += "from paasctl.adapters.kube.connect import Where, open_access\n"
    seen += "from paasctl.errors import ConfigError\n"
    seen += "try: open_access(Where(context='here', kubeconfig=os.environ['CONFIG']))\n"
    seen += "except ConfigError: pass\n"
    seen += "print(os.listdir(os.environ['KEEP']))\n"
    keys = {"client-certificate-data": "bm9uZQ==", "client-key-data": "bm9uZQ=="}
    kubeconfig(tmp_path / "k", "https://127.0.0.1:1", keys)
    keep = tmp_path / "keep"
    keep.mkdir()
    environ = {"KEEP": str(keep), "CONFIG": str(tmp_path / "k"), "PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run([sys.executable, "-c", seen], env=environ, check=True, capture_output=True).stdout == b"[]\n"


def test_many_threads_open_the_same_kubeconfig_at_once(tmp_path: Path) -> None:
    """As `status` of several environments does; the library remembers the files it wrote for the whole process."""
    authority = (Path(__file__).parents[1] / "registry" / "loopback.pem").read_text()
    certificate = authority[authority.index("-----BEGIN CERT") :]
    data = base64.b64encode(certificate.encode()).decode()
    where = kubeconfig(tmp_path / "k", "https://127.0.0.1:1", {"token": "t"}, **{"certificate-authority-data": data})
    go = threading.Barrier(4)

    def opened(_: int) -> int:
        go.wait()
        return len([open_access(where) for _ in range(5)])

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(opened, range(4))) == [5] * 4


def test_reading_a_kubeconfig_loads_none_of_the_generated_modules(tmp_path: Path) -> None:
    code = "import sys; from paasctl.adapters.kube.connect import Where, open_access\n"
    code += f"open_access(Where(context='dev', kubeconfig={str(config(tmp_path / 'k', 'dev'))!r}))\n"
    code += "print(sorted(name for name in sys.modules if name.startswith('kubernetes.client')))\n"
    code += "import kubernetes; kubernetes.client.CoreV1Api; kubernetes.config.load_kube_config\n"
    environ = {"PYTHONPATH": ":".join(sys.path)}
    told = subprocess.run([sys.executable, "-c", code], env=environ, check=True, capture_output=True, text=True)
    assert told.stdout == "['kubernetes.client.configuration']\n"


@pytest.mark.parametrize(("host", "proxied"), [("http://prod.example", True), ("http://127.0.0.1:1", False)])
def test_the_environments_proxy_is_used_but_not_for_loopback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, host: str, proxied: bool
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    access = open_access(kubeconfig(tmp_path / "k", host))
    assert access.proxy == ("http://proxy.example:3128" if proxied else "")


def test_the_kubeconfigs_proxy_is_used(tmp_path: Path) -> None:
    where = kubeconfig(tmp_path / "k", "http://prod.example", {}, **{"proxy-url": "http://proxy.example:1"})
    assert open_access(where).proxy == "http://proxy.example:1"
