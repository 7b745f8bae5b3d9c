"""Links, routes, rules and kernel settings of the node; all of it is undone by `take_down`.

Nothing a pod sends may leave the machine: its ranges end in blackholes, and what comes from the bridge
may only take routes that are not the default one.
"""

import json
from contextlib import suppress
from pathlib import Path

from .layout import Instance
from .shell import attempt, run

# Settings that the kubelet, kube-proxy or this file change.
SETTINGS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/route_localnet",
    "net/bridge/bridge-nf-call-iptables",
    "net/netfilter/nf_conntrack_max",
    "net/netfilter/nf_conntrack_tcp_timeout_established",
    "net/netfilter/nf_conntrack_tcp_timeout_close_wait",
    "net/netfilter/nf_conntrack_tcp_be_liberal",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
    "kernel/panic",
    "kernel/panic_on_oops",
    "kernel/keys/root_maxkeys",
    "kernel/keys/root_maxbytes",
)
SYS = Path("/proc/sys")
METRIC = "42949"


def rule_priorities(instance: Instance) -> tuple[str, str]:
    """Two policy rules, before the main table's 32766."""
    return str(16400 + 10 * instance.offset), str(16401 + 10 * instance.offset)


def bring_up(instance: Instance) -> None:
    """Make what is missing; says nothing about what is there."""
    remember(instance)
    (SYS / "net/ipv4/ip_forward").write_text("1")
    bridge(instance)
    for each in (instance.pod_range, instance.service_range):
        run("ip", "route", "replace", "blackhole", each, "metric", METRIC)
    keep_pods_in(instance)


def bridge(instance: Instance) -> None:
    """The kernel may have no dummy links, so a bridge without ports carries the address."""
    link = instance.node_link
    if not Path(f"/sys/class/net/{link}").exists():
        run("ip", "link", "add", link, "type", "bridge")
    run("ip", "address", "replace", f"{instance.node_ip}/32", "dev", link)
    run("ip", "link", "set", link, "up")


def keep_pods_in(instance: Instance) -> None:
    """From the bridge: first every route but the default one, then nothing."""
    before, after = rule_priorities(instance)
    rules = run("ip", "-4", "rule", "show")
    incoming = ("iif", instance.pod_link)
    if f"{before}:" not in rules:
        run("ip", "rule", "add", "pref", before, *incoming, "lookup", "main", "suppress_prefixlength", "0")
    if f"{after}:" not in rules:
        run("ip", "rule", "add", "pref", after, *incoming, "blackhole")


def remember(instance: Instance) -> None:
    """Write down the kernel's settings, once per life of the instance."""
    path = instance.state / "before.json"
    if not path.exists():
        found = {name: (SYS / name).read_text().strip() for name in SETTINGS if (SYS / name).exists()}
        path.write_text(json.dumps({"settings": found, "tables": tables()}))


def take_down(instance: Instance) -> None:
    """The machine as it was: chains, rules, routes, links, settings."""
    path = instance.state / "before.json"
    before = json.loads(path.read_text()) if path.exists() else {"settings": {}, "tables": []}
    for family in ("iptables", "ip6tables"):
        clear_chains(family)
    for name in set(tables()) - set(before["tables"]):
        attempt(["nft", "delete", "table", *name.split()])
    for priority in rule_priorities(instance):
        attempt(["ip", "rule", "del", "pref", priority])
    for each in (instance.pod_range, instance.service_range):
        attempt(["ip", "route", "del", "blackhole", each, "metric", METRIC])
    for link in (instance.pod_link, instance.node_link):
        attempt(["ip", "link", "del", link])
    for name, value in before["settings"].items():
        with suppress(OSError):
            if (SYS / name).read_text().strip() != value:
                (SYS / name).write_text(value)
    path.unlink(missing_ok=True)


def tables() -> list[str]:
    """The packet filter's tables, such as `ip nat`; none where nft is not."""
    with suppress(Exception):
        listed = json.loads(attempt(["nft", "-j", "list", "tables"]).stdout)["nftables"]
        return [f"{each['table']['family']} {each['table']['name']}" for each in listed if "table" in each]
    return []


def is_ours(chain: str) -> bool:
    """Chains that Kubernetes and CNI plugins make; `bring_up` refuses a machine that has some already."""
    return chain.startswith(("KUBE-", "CNI-"))


def clear_chains(family: str) -> None:
    """Delete Kubernetes' and CNI's chains with every rule in them or leading to them."""
    saved = attempt([f"{family}-save"])
    if saved.returncode == 0 and (script := clearing(saved.stdout)):
        run(f"{family}-restore", "--noflush", given=script)


def clearing(saved: str) -> str:
    """What to feed to `iptables-restore --noflush`, given what `iptables-save` said (pure)."""
    lines: list[str] = []
    for table in saved.split("\n*")[0 if saved.startswith("*") else 1 :]:
        lines += clearing_table(table.lstrip("*").splitlines())
    return "\n".join(lines) + "\n" if lines else ""


def clearing_table(table: list[str]) -> list[str]:
    """The part for one table: its name comes first, then chains, then rules."""
    chains = [line[1:].split()[0] for line in table if line.startswith(":") and is_ours(line[1:])]
    jumps = [line for line in table if line.startswith("-A ") and leads_in(line)]
    if not chains:
        return []
    flush = [f":{chain} - [0:0]" for chain in chains]
    return [f"*{table[0]}", *flush, *(f"-D{line[2:]}" for line in jumps), *(f"-X {c}" for c in chains), "COMMIT"]


def leads_in(rule: str) -> bool:
    """A rule of a chain that is not ours, into one that is."""
    words = rule.split()
    target = next((words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-j", "-g")), "")
    return not is_ours(words[1]) and is_ours(target)


def foreign_chains() -> bool:
    """Whether somebody else's cluster already runs on this machine."""
    saved = attempt(["iptables-save"]).stdout
    return any(is_ours(line[1:]) for line in saved.splitlines() if line.startswith(":"))
