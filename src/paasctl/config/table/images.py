"""Keys of `images.NAME`."""

from __future__ import annotations

from paasctl.config import forms
from paasctl.config.shape import Choice, Either, Items, Key, Kinds, Named, Number, Section, Switch, Text

_ID = Number(0, 2**31 - 1)


def _owner(what: str) -> tuple[Key, Key]:
    return Key("uid", _ID, f"owner of {what}", 0), Key("gid", _ID, f"group of {what}", 0)


FILES = Section(
    "files as they lie there",
    (
        Key("kind", Choice(("files",)), "files as they lie there, and nothing else", "files"),
        Key(
            "src",
            Text(forms.PATH),
            "file or folder, relative to the context; {os} and {arch} are filled in",
            required=True,
        ),
        Key("dest", Text(forms.ABSOLUTE), "where it goes in the image", required=True),
        *_owner("what is copied"),
        Key("mode", Text(forms.OCTAL), "permission bits of files, in quotes; else 0644, or 0755 where executable"),
        Key("exclude", Items(Text(forms.ANY)), "glob patterns, relative to src; .dockerignore counts, too", []),
    ),
    later=("owner",),
)
PYTHON = Section(
    "Python packages",
    (
        Key("kind", Choice(("python",)), "wheels, put where Python finds them; nothing is run", required=True),
        Key("wheels", Text(forms.PATH), "folder of wheels, as `pip download` or `pip wheel` fills it", required=True),
        Key("dest", Text(forms.ABSOLUTE), "folder they go to; PYTHONPATH says so to the program", required=True),
        Key("lock", Text(forms.PATH), "which of them: requirements with hashes, pylock.toml or uv.lock; else all"),
        Key("interpreter", Text(forms.ABSOLUTE), "what runs their scripts; else python3 on the base's PATH"),
        Key("python", Text(forms.PYTHON), "its version, in quotes; else the base's file name says it"),
        *_owner("the packages"),
    ),
)
JVM = Section(
    "a program for the JVM",
    (
        Key("kind", Choice(("jvm",)), "jars, snapshot jars, resources and classes: a layer each", required=True),
        Key("libs", Text(forms.PATH), "folder of the jars it needs"),
        Key("classes", Text(forms.PATH), "folder of its own classes and resources"),
        Key("dest", Text(forms.ABSOLUTE), "has libs, resources, classes and the file classpath", "/app"),
        Key("main", Text(forms.JAVA_CLASS), "class to start, with java from the base's PATH"),
        *_owner("all of it"),
    ),
)
NODE = Section(
    "a program for Node.js",
    (
        Key("kind", Choice(("node",)), "node_modules, and over it the program: a layer each", required=True),
        Key("src", Text(forms.PATH), "folder of the program, with its package.json", "."),
        Key("dest", Text(forms.ABSOLUTE), "where both go in the image", "/app"),
        Key("modules", Text(forms.PATH), "what `npm ci` filled, relative to src", "node_modules"),
        Key("dev", Switch(), "whether packages that the lock has for development only come along", default=False),
        Key("exclude", Items(Text(forms.ANY)), "glob patterns of the program, as for files", []),
        *_owner("both"),
    ),
)
GO = Section(
    "a Go program",
    (
        Key("kind", Choice(("go",)), "one program that `go build` made for this platform", required=True),
        Key("src", Text(forms.PATH), "the program; {os} and {arch} stand for the platform's", required=True),
        Key("dest", Text(forms.ABSOLUTE), "where it goes; else to / under its own name"),
        *_owner("the program"),
    ),
)
LAYER = Kinds(
    "a layer, or several of one kind", (("files", FILES), ("python", PYTHON), ("jvm", JVM), ("node", NODE), ("go", GO))
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
        Key(
            "base",
            Choice(("keep", "squash", "auto")),
            "whether the base image's own layers stay apart; auto: as the numbers say",
            "keep",
        ),
    ),
)

BUILD_SECRET = Section(
    "a secret of a build",
    (
        Key("id", Text(forms.SECRET_ID), "the name that RUN --mount=type=secret,id=… asks for", required=True),
        Key("env", Text(forms.ENV_NAME), "a variable of the caller's environment"),
        Key("file", Text(forms.ANY_PATH), "a file, ~ allowed"),
    ),
    one_of=("env", "file"),
)

BUILD_CACHE = Section(
    "where cached steps are kept, in BuildKit's words",
    (
        Key("from", Items(Text(forms.WORD)), "where they are looked for: type=registry,ref=…", []),
        Key("to", Items(Text(forms.WORD)), "where they are left", []),
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
        Key("secrets", Items(BUILD_SECRET), "for RUN --mount=type=secret: in no layer, log or command line", []),
        Key("ssh", Items(Text(forms.WORD)), "for RUN --mount=type=ssh: default, or id=path of a key or socket", []),
        Key("cache", BUILD_CACHE, "a cache beside BuildKit's own, for machines that begin anew"),
        Key(
            "layers", Items(LAYER, least=1), "what lies over the base, stable things first, put there without a daemon"
        ),
        Key("base", Text(forms.BASE), "what the layers lie on: scratch, host/path:tag, host/path@sha256:… or oci:DIR"),
        Key("config", IMAGE_CONFIG, "image configuration of a `layers` build, in OCI's words"),
        Key(
            "platforms",
            Items(Text(forms.PLATFORM), least=1),
            "what it is built for; several make an index",
            ["linux/amd64"],
        ),
        Key(
            "squash",
            Either((Choice(("none", "auto")), SQUASH)),
            "fewer layers: none, auto (where it pays) or how",
            "auto",
        ),
        Key("repository", Text(forms.REPOSITORY), "where it is pushed; else {registry's repository}/{image}"),
    ),
    later=("sbom", "compress"),
)
