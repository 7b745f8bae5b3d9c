"""Links, routes and rules of the node; all of it is undone by `take_down`.

Nothing a pod sends may leave the machine: its ranges end in blackholes, and what comes from the bridge
may only take routes that are not the default one.
"""

from pathlib import Path

from . import machine
from .layout import Instance
from .shell import attempt, run

FORWARD = Path("/proc/sys/net/ipv4/ip_forward")
METRIC = "42949"


def rule_priorities(instance: Instance) -> tuple[str, str]:
    """Two policy rules, before the main table's 32766."""
    return str(16400 + 10 * instance.offset), str(16401 + 10 * instance.offset)


def bring_up(instance: Instance) -> None:
    """Make what is missing; says nothing about what is there."""
    machine.remember(instance)
    FORWARD.write_text("1")
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


def take_down(instance: Instance) -> None:
    """The machine without chains, rules, routes and links of ours."""
    for family in ("iptables", "ip6tables"):
        clear_chains(family)
    for priority in rule_priorities(instance):
        attempt(["ip", "rule", "del", "pref", priority])
    for each in (instance.pod_range, instance.service_range):
        attempt(["ip", "route", "del", "blackhole", each, "metric", METRIC])
    for link in (instance.pod_link, instance.node_link):
        attempt(["ip", "link", "del", link])


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
