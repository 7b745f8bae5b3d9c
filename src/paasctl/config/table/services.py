"""Keys of `services.NAME`."""

from __future__ import annotations

from paasctl.config import forms
from paasctl.config.shape import Choice, Either, Free, Items, Key, Named, Number, Section, Text
from paasctl.config.table.images import IMAGE

PERCENT = Number(1, 1000)

SCALE = Section(
    "an autoscaler",
    (
        Key("min", Number(1, 100_000), "fewest pods", required=True),
        Key("max", Number(1, 100_000), "most pods", required=True),
        Key("cpu", PERCENT, "wanted use of the CPU requested, in percent"),
        Key("memory", PERCENT, "wanted use of the memory requested, in percent"),
    ),
)

FROM_KEY = Section(
    "a reference to an object in the namespace",
    (
        Key("secret", Text(forms.NAME_AND_KEY), "name/key of a Secret"),
        Key("config", Text(forms.NAME_AND_KEY), "name/key of a ConfigMap"),
    ),
    one_of=("secret", "config"),
)

SECRET_SOURCE = Section(
    "where a secret comes from",
    (
        Key("env", Text(forms.ENV_NAME), "a variable of the caller's environment"),
        Key("file", Text(forms.ANY_PATH), "a file, ~ allowed"),
        Key("command", Text(forms.ANY), "a command's output"),
    ),
    one_of=("env", "file", "command"),
)

TLS = Section(
    "where the certificate comes from",
    (
        Key("secret", Text(forms.SUBDOMAIN), "a Secret that holds it"),
        Key("issuer", Text(forms.SUBDOMAIN), "cert-manager's ClusterIssuer that makes it"),
    ),
    one_of=("secret", "issuer"),
)

VOLUME = Section(
    "a volume",
    (
        Key("path", Text(forms.ABSOLUTE), "where it is mounted", required=True),
        Key("claim", Text(forms.QUANTITY), "size of a claim per pod (a StatefulSet then); else an emptyDir"),
        Key("storageClass", Text(forms.SUBDOMAIN), "class of the claim; else the cluster's default"),
    ),
)

SERVICE = Section(
    "a service",
    (
        Key("image", Either((Text(forms.LABEL), IMAGE)), "a name in `images`, or an image inline; else the only one"),
        Key(
            "pod",
            Either((Text(forms.PATH), Free("a PodSpec"))),
            "a Kubernetes PodSpec (or Deployment spec), as it is: a file, or inline",
        ),
        Key("command", Items(Text(forms.ANY)), "instead of the image's entrypoint", []),
        Key("args", Items(Text(forms.ANY)), "instead of the image's arguments", []),
        Key("port", Number(1, 65535), "port it listens on, and is reached by"),
        Key("health", Text(forms.URL_PATH), "URL path that answers 200 when it can serve; else the open port"),
        Key("replicas", Number(0, 100_000), "how many pods; else what runs, or 1"),
        Key("scale", SCALE, "an autoscaler instead of `replicas`"),
        Key("hosts", Items(Text(forms.HOST)), "host names it is reached by from outside", []),
        Key("path", Text(forms.URL_PATH), "URL path below those hosts", "/"),
        Key("drain", Text(forms.DURATION), "how long a pod told to stop goes on serving, so that routers notice", "5s"),
        Key("grace", Text(forms.DURATION), "from SIGTERM to SIGKILL, beyond `drain`; else 30s"),
        Key(
            "env",
            Named("VARIABLE", forms.ENV_NAME, Either((Text(forms.ANY), FROM_KEY))),
            "plain values, or keys of Secrets and ConfigMaps",
            {},
        ),
        Key(
            "config",
            Named("FILE", forms.DATA_KEY, Text(forms.PATH)),
            "files, mounted from a ConfigMap versioned by content",
            {},
        ),
        Key("configPath", Text(forms.ABSOLUTE), "where they are mounted", "/config"),
        Key(
            "secrets",
            Named("SECRET", forms.DATA_KEY, SECRET_SOURCE),
            "from the caller into a Secret, masked everywhere",
            {},
        ),
        Key("tls", TLS, "certificate of the hosts"),
        Key("volumes", Named("VOLUME", forms.LABEL, VOLUME), "what is mounted", {}),
        Key("schedule", Text(forms.SCHEDULE), "cron: it is a CronJob then"),
        Key("run", Choice(("once",)), "once: it is a Job then"),
        Key(
            "serviceAccount",
            Text(forms.SUBDOMAIN),
            "a ServiceAccount to make and use; else the default's, without a token",
        ),
        Key("resources", Free("ResourceRequirements", quantities=True), "Kubernetes' requests and limits", {}),
    ),
    later=("before", "after", "canary", "needs", "probes"),
)
