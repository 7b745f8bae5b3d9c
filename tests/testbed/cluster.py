"""What the cluster holds from the start: definitions of the Gateway API, classes, one gateway for all."""

import json
from typing import Any

from .components import api
from .failure import Failed
from .layout import GATEWAY, Instance
from .processes import until
from .programs import gateway_definitions
from .shell import run

CRD = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
GATEWAY_GROUP = "gateway.networking.k8s.io"


def definitions(instance: Instance) -> None:
    """The Gateway API's kinds, and the API server serving them."""
    names = [path.name.split("_")[1].removesuffix(".yaml") for path in crd_files(instance)]
    paths = [f"{CRD}/{name}.{GATEWAY_GROUP}" for name in names]
    asked = api(instance)
    if not all(asked.condition(path, "Established") for path in paths):
        apply(instance, "-f", str(gateway_definitions(instance.cache)))
        if not until(lambda: all(asked.condition(path, "Established") for path in paths), timeout=20):
            raise Failed("the API server does not serve the Gateway API's kinds")


def crd_files(instance: Instance) -> list[Any]:
    """Definitions alone; the folder also holds an admission policy."""
    return [path for path in sorted(gateway_definitions(instance.cache).glob("*.yaml")) if "vap_" not in path.name]


def objects(instance: Instance) -> list[dict[str, Any]]:
    """Classes and the gateway (pure)."""
    namespace, name = GATEWAY
    controller = {"controllerName": "traefik.io/gateway-controller"}
    listener = {
        "name": "web",
        "protocol": "HTTP",
        "port": instance.port("traefik"),
        "allowedRoutes": {"namespaces": {"from": "All"}},
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        ingress_class("traefik", "traefik.io/ingress-controller", default=True),
        ingress_class("nginx", "k8s.io/ingress-nginx", default=False),
        kind_of_gateway("GatewayClass", {"name": "traefik"}, controller),
        kind_of_gateway(
            "Gateway", {"namespace": namespace, "name": name}, {"gatewayClassName": "traefik", "listeners": [listener]}
        ),
    ]


def ingress_class(name: str, controller: str, *, default: bool) -> dict[str, Any]:
    """Which router serves which Ingress objects."""
    notes = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "IngressClass",
        "metadata": {"name": name, "annotations": notes},
        "spec": {"controller": controller},
    }


def kind_of_gateway(kind: str, metadata: dict[str, Any], spec: dict[str, Any]) -> dict[str, Any]:
    """An object of the Gateway API."""
    return {"apiVersion": f"{GATEWAY_GROUP}/v1", "kind": kind, "metadata": metadata, "spec": spec}


def furnish(instance: Instance) -> None:
    """Put them there, unless the gateway already says that it works."""
    if is_programmed(instance) and all(api(instance).get(path) for path in class_paths()):
        return
    apply(instance, "-f", "-", given=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects(instance)}))


def class_paths() -> list[str]:
    """Where the Ingress classes are."""
    return [f"/apis/networking.k8s.io/v1/ingressclasses/{name}" for name in ("traefik", "nginx")]


def is_programmed(instance: Instance) -> bool:
    """Whether the router serves the gateway."""
    namespace, name = GATEWAY
    path = f"/apis/{GATEWAY_GROUP}/v1/namespaces/{namespace}/gateways/{name}"
    return api(instance).condition(path, "Programmed")


def wait_for_gateway(instance: Instance) -> None:
    """Return when the gateway is served."""
    if not until(lambda: is_programmed(instance), timeout=60):
        raise Failed(f"traefik: the gateway {'/'.join(GATEWAY)} is not served; log: {instance.log('traefik')}")


def kubectl(instance: Instance) -> list[str]:
    """Our own kubectl, speaking to this instance alone."""
    return [str(instance.bin / "kubectl"), f"--kubeconfig={instance.kubeconfig}"]


def apply(instance: Instance, *what: str, given: str | None = None) -> None:
    """By the server, under a name that can't be mistaken for the project's own."""
    run(
        *kubectl(instance), "apply", "--server-side", "--force-conflicts", "--field-manager=testbed", *what, given=given
    )
