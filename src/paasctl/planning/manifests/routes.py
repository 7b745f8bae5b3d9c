"""The way in from outside: an Ingress or an HTTPRoute, by what the cluster has (decisions 15 and 21)."""

from __future__ import annotations

from paasctl.errors import Refused
from paasctl.model.kube import Kind
from paasctl.planning.manifests.inputs import RenderInputs
from paasctl.values import dataclass

HTTP_ROUTE = Kind("gateway.networking.k8s.io", "HTTPRoute")
GATEWAY = Kind("gateway.networking.k8s.io", "Gateway")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How a host reaches a service there. `gateway` is (namespace, name), empty texts for an Ingress."""

    template: str
    gateway: tuple[str, str] = ("", "")
    ingress_class: str = ""


def choose_route(inputs: RenderInputs) -> Route:
    """What the cluster's settings say, else what it serves, else an Ingress. Raises `Refused` with the candidates."""
    if not _by_gateway(inputs):
        return Route(template="ingress.yaml.j2", ingress_class=inputs.cluster.ingress_class)
    if inputs.offers and HTTP_ROUTE not in inputs.offers.kinds:
        raise _refused(inputs, "serves no HTTPRoute", f"clusters.{inputs.cluster.name}.router: ingress")
    namespace, _, name = _gateway(inputs).partition("/")
    return Route(template="httproute.yaml.j2", gateway=(namespace, name))


def _by_gateway(inputs: RenderInputs) -> bool:
    cluster = inputs.cluster
    if cluster.router:
        return cluster.router == "gateway"
    if cluster.gateway or cluster.ingress_class:
        return bool(cluster.gateway)
    offers = inputs.offers
    # Gateways that may not be listed are not proved absent.
    return offers is not None and HTTP_ROUTE in offers.kinds and (bool(offers.gateways) or GATEWAY in offers.unread)


def _gateway(inputs: RenderInputs) -> str:
    if inputs.cluster.gateway:
        return inputs.cluster.gateway
    candidates = inputs.offers.gateways if inputs.offers else ()
    hint = f"clusters.{inputs.cluster.name}.gateway: {candidates[0] if candidates else 'NAMESPACE/NAME'}"
    if len(candidates) > 1:
        raise _refused(inputs, f"has several Gateways: {', '.join(candidates)}", hint)
    if not candidates:
        raise _refused(inputs, _why_none(inputs), hint)
    return candidates[0]


def _why_none(inputs: RenderInputs) -> str:
    if inputs.offers is None:
        return "was not asked for its Gateways, and paas.yaml names none"
    return "does not let you list its Gateways" if GATEWAY in inputs.offers.unread else "has no Gateway"


def _refused(inputs: RenderInputs, why: str, hint: str) -> Refused:
    cluster = inputs.cluster.name
    return Refused(
        f"routing hosts on cluster {cluster}: it {why}",
        hint=f"{inputs.config.file}: {hint}",
        where=inputs.where("clusters", cluster),
        code="gateway-unclear",
    )
