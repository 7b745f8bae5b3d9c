"""What a `layers:` build puts over its base: a closed union of kinds, one per ecosystem."""

from __future__ import annotations

from paasctl.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLayer:
    """Files as they lie in the context."""

    src: str
    dest: str
    uid: int = 0
    gid: int = 0
    mode: int | None = None
    """Permission bits of files; None keeps what the checkout says, reduced to 0644 or 0755."""
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonLayer:
    """Wheels, put where Python finds them, without running it."""

    wheels: str
    dest: str
    lock: str = ""
    """Which of the wheels, and their hashes: a requirements file with hashes, `pylock.toml` or `uv.lock`."""
    interpreter: str = ""
    """Its path in the container, for scripts; empty: the base's `python3`."""
    python: str = ""
    """`3.13`; empty: what the interpreter's name in the base says."""
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JvmLayer:
    """Jars, resources and classes, a layer each, as Jib has them."""

    libs: str = ""
    classes: str = ""
    dest: str = "/app"
    main: str = ""
    """The class that is started; empty: the image's configuration says what is."""
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeLayer:
    """What `npm ci` installed, and the application over it."""

    src: str = "."
    dest: str = "/app"
    modules: str = "node_modules"
    """Relative to `src`; empty: there are none."""
    dev: bool = False
    """Whether packages come along that the lock file marks as needed for development only."""
    exclude: tuple[str, ...] = ()
    uid: int = 0
    gid: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class GoLayer:
    """One program that `go build` made."""

    src: str
    dest: str = ""
    """Empty: `/` and the name of `src`."""
    uid: int = 0
    gid: int = 0


Layer = FileLayer | PythonLayer | JvmLayer | NodeLayer | GoLayer
KINDS: dict[str, type[Layer]] = {
    "files": FileLayer,
    "python": PythonLayer,
    "jvm": JvmLayer,
    "node": NodeLayer,
    "go": GoLayer,
}
