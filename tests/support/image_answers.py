"""Answers about images, with something to say in every part."""

from __future__ import annotations

from paasctl.model.imageanswer import (
    FileCompared,
    ImageDiff,
    InspectAnswer,
    LayerCompared,
    LayerShown,
    PlatformVerified,
    Saving,
    SettingCompared,
    TwinsShown,
    VerifyAnswer,
    WasteShown,
)

MIB = 1 << 20
_GZIP = "application/vnd.oci.image.layer.v1.tar+gzip"


def _layer(number: int, live: int, dead: int, made_by: str, *, base: bool = False) -> LayerShown:
    return LayerShown(
        number=number,
        digest="sha256:" + f"{number}" * 64,
        media_type=_GZIP,
        packed=(live + dead) // 3,
        live=live,
        dead=dead,
        members=number * 1200,
        whiteouts=number - 1,
        made_by=made_by,
        base=base,
    )


INSPECTED = InspectAnswer(
    name="registry.example/shop/web:1.2",
    digest="sha256:" + "a" * 64,
    media_type="application/vnd.oci.image.manifest.v1+json",
    platform="linux/amd64",
    platforms=("linux/amd64", "linux/arm64"),
    created="2026-07-01T10:00:00Z",
    config={
        "Entrypoint": ["/srv/run"],
        "Cmd": ["--port", "8080"],
        "User": "1000",
        "WorkingDir": "/srv",
        "Env": ["PATH=/bin"],
        "ExposedPorts": {"8080/tcp": {}},
        "Labels": {"a": "b"},
    },
    base=1,
    base_by="its annotations",
    packed=150 * MIB,
    entries=3601,
    layers=(
        _layer(1, 60 * MIB, 0, "/bin/sh -c #(nop) ADD file:0a1b2c in / ", base=True),
        _layer(
            2,
            190 * MIB,
            90 * MIB,
            "RUN /bin/sh -c apt-get update && apt-get install -y build-essential libpq-dev libxml2-dev libxslt1-dev"
            " && pip install -r requirements.txt # buildkit",
        ),
        _layer(3, 0, 512, "|1 TOKEN=x /bin/sh -c rm -rf /var/lib/apt/lists/*"),
        _layer(4, 40 * MIB, 70 * MIB, "COPY . /srv # buildkit"),
        _layer(5, 0, 0, "\x1b[31mred\x1b[0m"),
    ),
    wastes=(
        WasteShown(path="/var/lib/apt/lists", layer=2, bytes=60 * MIB, files=41, why="deleted", by=3),
        WasteShown(
            path="/srv/node_modules/@scope/package-with-a-long-name/dist/esm/internal/generated/tables.js",
            layer=4,
            bytes=50 * MIB,
            files=1,
            why="rewritten",
            by=5,
        ),
        WasteShown(path="/n\\xff", layer=4, bytes=4096, files=1, why="unseen", by=4),
        WasteShown(path="/etc", layer=2, bytes=512, files=1, why="hidden", by=4),
    ),
    twins=(TwinsShown(path="/usr/lib/libx.so", copies=3, bytes=2 * MIB),),
    twin_bytes=3 * MIB,
    savings=(
        Saving(how="keep-base", layers=3, bytes=96 * MIB, saved=54 * MIB, shared=0),
        Saving(how="all", layers=4, bytes=96 * MIB, saved=54 * MIB, shared=20 * MIB),
    ),
    ambiguities=("/a is there twice; the last one counts (layer sha256:222222222222)",),
)

COMPARED = ImageDiff(
    before="registry.example/shop/web:1.2",
    after="registry.example/shop/web:1.3",
    platform="linux/amd64",
    layers=(
        LayerCompared(digest="sha256:" + "1" * 64, packed=20 * MIB, before=1, after=1),
        LayerCompared(digest="sha256:" + "2" * 64, packed=3 * MIB, before=2, after=None),
        LayerCompared(digest="sha256:" + "3" * 64, packed=4 * MIB, before=None, after=2),
    ),
    files=(
        FileCompared("/srv/new", "added", 0, 0),
        *(FileCompared(f"/srv/new/{it}.js", "added", 0, 2048) for it in range(4)),
        FileCompared("/srv/old.js", "removed", 100, 0),
        FileCompared("/srv/app.js", "changed", 2048, 4096, ("content", "time")),
        FileCompared("/srv/run", "metadata", 64, 64, ("mode 0644 -> 0755", "owner 0:0 -> 1000:1000")),
    ),
    settings=(
        SettingCompared(key="Env.A", before="1", after="2"),
        SettingCompared(key="Label", before=None, after=""),
        SettingCompared(key="User", before="0", after=None),
    ),
    limit=3,
)

VERIFIED = VerifyAnswer(
    before="registry.example/shop/web:1.2",
    after="oci:slim:web",
    same=False,
    platforms=(
        PlatformVerified(platform="linux/amd64", entries=78_123, different=0),
        PlatformVerified(
            platform="linux/arm64",
            entries=78_120,
            different=25,
            first=("/srv/run: file 0755 0:0 at 0 64 bytes 0a1b2c3d4e5f became nothing",),
        ),
        PlatformVerified(platform="linux/s390x", entries=0, different=1, first=("only oci:slim:web has it",)),
    ),
)

IMAGE_ANSWERS = (INSPECTED, COMPARED, VERIFIED)
