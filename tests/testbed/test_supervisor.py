"""What of the testbed is pure, or needs no more than a process of our own: fast and without root."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from . import cluster, configs, edge, images, instances, leftovers, network, node
from .components import components
from .failure import Failed, component_failed
from .layout import OFFSETS, PORTS, Instance, port
from .processes import Mark, born, end, is_alive, parse_stat, read_mark, write_mark
from .steps import Step, run_steps
from .supervisor import Component


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def instance(offset: int = 0, folder: Path = Path("/nowhere")) -> Instance:
    return Instance("some", offset, states=folder, cache=folder / "cache")


def test_stat_is_read_past_a_name_with_spaces_and_brackets() -> None:
    line = f"7 (a ) b) S {' '.join(str(number) for number in range(4, 23))}"
    assert parse_stat(line) == ("S", 22)


def test_a_process_is_known_by_number_and_birth(sleeper: subprocess.Popen[bytes]) -> None:
    when = born(sleeper.pid)
    assert when is not None
    assert is_alive(Mark(sleeper.pid, when))
    assert not is_alive(Mark(sleeper.pid, when + 1))


def test_a_stranger_with_the_same_number_is_not_ended(sleeper: subprocess.Popen[bytes]) -> None:
    end([Mark(sleeper.pid, (born(sleeper.pid) or 0) + 1)], grace=0.1)
    assert sleeper.poll() is None


def test_ours_is_ended(sleeper: subprocess.Popen[bytes]) -> None:
    end([Mark(sleeper.pid, born(sleeper.pid) or 0)], grace=5.0)
    assert sleeper.wait(5) == -signal.SIGTERM


def test_a_dead_process_was_born_never(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.kill()
    os.waitid(os.P_PID, sleeper.pid, os.WEXITED | os.WNOWAIT)
    assert born(sleeper.pid) is None, "it only waits to be buried"


def test_marks_survive_the_disk(tmp_path: Path) -> None:
    mark = Mark(7, 9, "hash", 1.5)
    write_mark(tmp_path / "pids" / "one.json", mark)
    assert read_mark(tmp_path / "pids" / "one.json") == mark


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"pid": 1}', "not json"])
def test_a_broken_mark_is_no_mark(tmp_path: Path, text: str) -> None:
    (tmp_path / "one.json").write_text(text)
    assert read_mark(tmp_path / "one.json") is None


def test_no_two_instances_share_a_number() -> None:
    made = [instance(offset) for offset in OFFSETS]
    ports = [port(name, offset) for offset in OFFSETS for name in PORTS]
    assert len(set(ports)) == len(ports)
    assert all(each < 30000 for each in ports), "below node ports and what the kernel hands out"
    for numbers in ("pod_range", "service_range", "node_ip", "node_link", "pod_link"):
        assert len({getattr(each, numbers) for each in made}) == len(made)
    ranges = [each.pod_range for each in made] + [each.service_range for each in made]
    assert len(set(ranges)) == len(ranges)


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "..", "x" * 21])
def test_a_name_that_is_no_folder_is_refused(name: str) -> None:
    with pytest.raises(Failed):
        Instance(name)


def test_offsets_are_recorded_or_the_first_free(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "instance.json").write_text('{"offset": 0, "control_plane_only": false}')
    assert instances.choose(tmp_path, "one", None) == 0
    assert instances.choose(tmp_path, "two", None) == 1
    with pytest.raises(Failed, match="taken by one"):
        instances.choose(tmp_path, "two", 0)


def test_every_component_waits_for_something_that_exists() -> None:
    made = components(instance())
    steps = {"network", "definitions", "pause-image"}
    assert {name for each in made for name in each.after} <= {each.name for each in made} | steps


def test_link_names_fit_the_kernel() -> None:
    assert all(len(name) <= 15 for name in (instance(9).node_link, instance(9).pod_link))


def test_registries_take_deletions_and_one_asks_for_a_password() -> None:
    open_one = json.loads(configs.registry("127.0.0.1:1", Path("/data"), None))
    guarded = json.loads(configs.registry("127.0.0.1:1", Path("/data"), Path("/passwords")))
    assert open_one["storage"]["delete"] == {"enabled": True}
    assert "auth" not in open_one
    assert guarded["auth"]["htpasswd"]["path"] == "/passwords"


def test_containerd_is_told_what_this_kind_of_machine_needs() -> None:
    text = configs.containerd(instance())
    assert "restrict_oom_score_adj = true" in text
    assert "SystemdCgroup = false" in text
    assert '"/nowhere/some/run/containerd.sock"' in text


def test_kubelet_and_proxy_stay_off_what_is_not_theirs() -> None:
    kubelet = json.loads(configs.kubelet(instance(), Path("/pki")))
    assert kubelet["address"] == "198.18.0.1"
    assert kubelet["cgroupRoot"] == "/paasctl-testbed-some"
    proxy = json.loads(configs.kube_proxy(instance()))
    assert proxy["conntrack"]["maxPerCore"] == 0


def test_nothing_listens_for_strangers() -> None:
    flags = [flag for each in components(instance()) for flag in each.argv]
    assert not [flag for flag in flags if "0.0.0.0" in flag]


def test_the_gateway_listens_where_the_router_does() -> None:
    gateway = cluster.objects(instance(3))[-1]
    assert gateway["spec"]["listeners"][0]["port"] == instance(3).port("traefik")
    assert f"--entrypoints.web.address=127.0.0.1:{instance(3).port('traefik')}" in edge.traefik(instance(3)).argv


def test_chains_are_cleared_with_the_rules_that_lead_there() -> None:
    saved = (
        "# comment\n*nat\n:PREROUTING ACCEPT [0:0]\n:KUBE-SERVICES - [0:0]\n:MINE - [0:0]\n"
        '-A PREROUTING -m comment --comment "portals" -j KUBE-SERVICES\n'
        "-A PREROUTING -j MINE\n-A KUBE-SERVICES -j ACCEPT\nCOMMIT\n"
        "*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n"
    )
    assert network.clearing(saved).splitlines() == [
        "*nat",
        ":KUBE-SERVICES - [0:0]",
        '-D PREROUTING -m comment --comment "portals" -j KUBE-SERVICES',
        "-X KUBE-SERVICES",
        "COMMIT",
    ]
    assert network.clearing("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n") == ""


def test_mounts_are_found_innermost_first_and_only_ours() -> None:
    table = "\n".join(
        f"1 1 0:1 / {point} rw - x x rw" for point in ("/", "/s/one", "/s/one/a", r"/s/one/a/b\040c", "/s/onetwo")
    )
    assert leftovers.mounts_below(Path("/s/one"), table) == ["/s/one/a/b c", "/s/one/a", "/s/one"]


def test_the_same_content_is_the_same_image() -> None:
    made = [images.make_image([{"app": b"x"}, {"version": b"1"}], ["/app"]) for _ in range(2)]
    assert made[0].manifest == made[1].manifest
    assert len(made[0].layers) == 2


def test_a_changed_file_wants_a_restart(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("one")
    component = Component("x", ("x",), lambda: True, reads=(tmp_path / "config",))
    before = component.wanted()
    (tmp_path / "config").write_text("two")
    assert component.wanted() != before


def test_steps_wait_for_each_other_and_the_first_error_comes_out() -> None:
    done: list[str] = []
    run_steps([Step("b", lambda: done.append("b"), ("a",)), Step("a", lambda: done.append("a"))])
    assert done == ["a", "b"]

    def fail() -> None:
        raise Failed("a: broken")

    with pytest.raises(Failed, match="a: broken"):
        run_steps([Step("b", lambda: done.append("never"), ("a",)), Step("a", fail)])
    assert "never" not in done


def test_a_failure_names_component_log_and_last_lines(tmp_path: Path) -> None:
    log = tmp_path / "etcd.log"
    log.write_text("".join(f"line {number}\n" for number in range(9)))
    said = str(component_failed("etcd", "ended", log)).splitlines()
    assert said[0] == f"etcd: ended; log: {log}"
    assert said[1:] == [f"  line {number}" for number in range(4, 9)]


def test_docker_and_containerd_make_no_rules_or_links() -> None:
    argv = node.dockerd(instance()).argv
    assert {"--bridge=none", "--iptables=false", "--ip-forward=false"} <= set(argv)
