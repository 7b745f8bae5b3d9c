"""Keys of `images.NAME`."""

from __future__ import annotations

from paasctl.config import forms
from paasctl.config.shape import Choice, Either, Items, Key, Named, Number, Section, Text

_ID = Number(0, 2**31 - 1)

LAYER = Section(
    "one layer of files",
    (
        Key("src", Text(forms.PATH), "file or folder, relative to the context", required=True),
        Key("dest", Text(forms.ABSOLUTE), "where it goes in the image", required=True),
        Key("uid", _ID, "owner of what is copied", 0),
        Key("gid", _ID, "group of what is copied", 0),
        Key("mode", Text(forms.OCTAL), "permission bits of files, in quotes; else 0644, or 0755 where executable"),
        Key("exclude", Items(Text(forms.ANY)), "glob patterns, relative to src", []),
    ),
    later=("kind", "owner"),
)

IMAGE_CONFIG = Section(
    "the image's configuration",
    (
        Key("entrypoint", Items(Text(forms.ANY)), "what is run", []),
        Key("cmd", Items(Text(forms.ANY)), "its default arguments", []),
        Key("env", Named("VARIABLE", forms.ENV_NAME, Text(forms.ANY)), "environment variables in the image", {}),
        Key("user", Text(forms.WORD), "user name or uid[:gid], in quotes"),
        Key("workdir", Text(forms.ABSOLUTE), "working directory"),
        Key("ports", Items(Either((Number(1, 65535), Text(forms.PORT)))), "ports it listens on", []),
        Key("labels", Named("LABEL", forms.WORD, Text(forms.ANY)), "labels beside the standard ones", {}),
        Key("stopSignal", Text(forms.SIGNAL), "what asks it to stop; else SIGTERM"),
    ),
    later=("healthcheck",),
)

SQUASH = Section(
    "how to squash",
    (
        Key(
            "layers",
            Either((Choice(("auto",)), Number(1, 100))),
            "how many layers come out; auto: paasctl chooses",
            "auto",
        ),
        Key("base", Choice(("keep", "squash")), "whether the base image's own layers stay apart", "keep"),
    ),
)

IMAGE = Section(
    "an image",
    (
        Key("context", Text(forms.ANY_PATH), "folder that the build sees, relative to paas.yaml", "."),
        Key(
            "dockerfile",
            Text(forms.ANY_PATH),
            "relative to the context; or `layers`: no Dockerfile and no daemon",
            "Dockerfile",
        ),
        Key("target", Text(forms.WORD), "stage of the Dockerfile; else the last"),
        Key("args", Named("ARGUMENT", forms.ARG_NAME, Text(forms.ANY)), "build arguments", {}),
        Key("layers", Items(LAYER, least=1), "files over a base, one layer each, put there without a daemon"),
        Key("base", Text(forms.BASE), "what the layers lie on: scratch, host/path:tag, host/path@sha256:… or oci:DIR"),
        Key("config", IMAGE_CONFIG, "image configuration of a `layers` build, in OCI's words"),
        Key(
            "platforms",
            Items(Text(forms.PLATFORM), least=1, later_from=2),
            "what it is built for; one, for now",
            ["linux/amd64"],
        ),
        Key(
            "squash",
            Either((Choice(("none", "auto")), SQUASH)),
            "fewer layers: none, auto (one over the base) or how",
            "none",
        ),
        Key("repository", Text(forms.REPOSITORY), "where it is pushed; else {registry's repository}/{image}"),
    ),
    later=("secrets", "cache", "sbom", "compress"),
)
