"""Tables and the picture of an image: they fit, and what a stranger named cannot break them."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from paasctl.errors import Exit
from paasctl.model.event import Answered, Event, Noted, Outcome
from paasctl.model.imageanswer import ImageDiff, InspectAnswer, LayerCompared, PlatformVerified, VerifyAnswer
from paasctl.views.between import say_written
from paasctl.views.imageanswers import command, image_text
from paasctl.views.svg import Picture, picture
from support import goldens
from support.answers import VERSION
from support.image_answers import COMPARED, IMAGE_ANSWERS, INSPECTED, VERIFIED

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("width", [80, 200])
def test_at_the_width_of_a_terminal(width: int) -> None:
    lines = [line for it in IMAGE_ANSWERS for line in image_text(it, width)]
    goldens.check(f"image-answers.{width}.txt", "".join(f"{line}\n" for line in lines))


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_tables_are_as_wide_as_the_terminal_at_most(width: int) -> None:
    tables = [it for it in image_text(INSPECTED, width) if re.search(r"(B|BYTES|PACKED)  +", it)]
    assert len(tables) > 8
    assert max(map(len, tables)) < width


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("/bin/sh -c #(nop) ADD file:1 in / ", "ADD file:1 in /"),
        ("/bin/sh -c rm -rf /x", "rm -rf /x"),
        ("|2 A=1 B=2 /bin/sh -c make", "make"),
        ("RUN /bin/sh -c make # buildkit", "RUN make"),
        ("COPY . /srv # buildkit", "COPY . /srv"),
        ("", "-"),
        ("a\n\tb\x1b[31m", "a     b"),
    ],
)
def test_a_command_without_what_every_command_says(said: str, shown: str) -> None:
    assert command(said) == shown


def test_nothing_to_tell_is_told() -> None:
    bare = replace(INSPECTED, base=None, base_by="nothing tells", wastes=(), twins=(), ambiguities=(), config={})
    lines = image_text(replace(bare, savings=(replace(INSPECTED.savings[1], saved=0, layers=5),)))
    assert lines[-1] == "a squash of all layers would save nothing"
    assert "  base: not known (nothing tells)" in lines
    same = ImageDiff(before="a", after="b", platform="linux/amd64", layers=(), files=(), settings=())
    assert image_text(same)[-1] == "a container sees the same files"
    assert image_text(VerifyAnswer(before="a", after="b", same=True, platforms=()))[-1].endswith("in both")


def test_one_of_a_thing_is_one() -> None:
    one = PlatformVerified(platform="linux/amd64", entries=1, different=0)
    lines = [
        *image_text(replace(INSPECTED, entries=1)),
        *image_text(VerifyAnswer(before="a", after="b", same=True, platforms=(one,))),
    ]
    assert "  1 path, created 2026-07-01T10:00:00Z" in lines
    assert "ok  linux/amd64: the same 1 path, attributes and content" in lines


def test_of_a_copy_only_what_there_was_is_told() -> None:
    facts = {"blobs.there": "0", "blobs.mounted": "0", "blobs.sent": "0", "bytes.sent": "0", "manifests": "0"}

    def told(**more: str) -> list[str]:
        named = {**facts, "vouchers": "0", **{key.replace("_", "."): it for key, it in more.items()}}
        return [*say_written(Outcome(status="done", exit=Exit.OK, facts=tuple(named.items())))]

    assert told() == ["blobs: none", "manifests: none written"]
    assert told(blobs_there="2", blobs_sent="1", bytes_sent="2048", manifests="3", vouchers="1") == [
        "blobs: 2 there already, 1 sent (2.0 KiB)",
        "manifests: 3 written; 1 of those there vouches for the image",
    ]
    assert told(blobs_mounted="7", vouchers="2") == [
        "blobs: 7 mounted",
        "manifests: none written; 2 of those there vouch for the image",
    ]


def test_a_script_gets_every_path_and_people_the_first() -> None:
    lines = image_text(COMPARED)
    assert "  … and 2 more" in lines
    assert "      … and 24 more" in image_text(VERIFIED)


def test_of_many_layers_the_first_of_each_image_are_told() -> None:
    own = [LayerCompared(digest=f"sha256:{number:064}", packed=1, before=number, after=None) for number in range(1, 31)]
    new = [
        LayerCompared(digest=f"sha256:{number:064}", packed=1, before=None, after=number) for number in range(31, 33)
    ]
    lines = image_text(replace(COMPARED, layers=(*own, *new), limit=20))
    assert len([it for it in lines if it.startswith("  - layer")]) == 20
    assert lines[lines.index("  … and 10 more") + 1].startswith("  + layer 31")


EVIL = "\x1b]0;title\x07\x1b[2Jx\u202ey\u009b31m"


def test_whatever_an_image_says_of_itself_moves_no_cursor() -> None:
    """Platform and date are an image's own words, too."""
    inspected = replace(INSPECTED, platform=EVIL, platforms=(EVIL, f"linux/{EVIL}"), created=EVIL)
    compared = replace(COMPARED, platform=EVIL)
    verified = replace(VERIFIED, platforms=(replace(VERIFIED.platforms[0], platform=EVIL),))
    shown = "\n".join(line for it in (inspected, compared, verified) for line in image_text(it))
    assert "x\ufffdy" in shown
    assert not [it for it in shown.replace("\n", "") if not it.isprintable()]


def test_two_images_for_one_platform_are_told() -> None:
    twice = replace(INSPECTED, platform="linux/amd64", platforms=("linux/amd64", "linux/amd64", "linux/arm64"))
    assert "  also for the same, again, linux/arm64" in image_text(twice)


def drawn(answer: InspectAnswer) -> ET.Element:
    return ET.fromstring(picture(answer).encode())


def texts(root: ET.Element) -> list[str]:
    return ["".join(it.itertext()) for it in root.iter(f"{SVG}text")]


def test_the_picture_is_one_file_without_scripts_for_light_and_dark() -> None:
    source = picture(INSPECTED)
    root = drawn(INSPECTED)
    assert root.tag == f"{SVG}svg"
    assert "prefers-color-scheme: dark" in source
    for foreign in ("<script", "href", "url(", "@import", "onload"):
        assert foreign not in source
    assert any("a squash of all layers" in it for it in texts(root))


def test_every_layer_has_a_bar_of_its_share() -> None:
    bars = [(it.get("class"), float(it.get("width", 0))) for it in drawn(INSPECTED).iter(f"{SVG}rect")][3:]
    assert [kind for kind, _ in bars] == ["base", "live", "dead", "dead", "live", "dead"]
    widths = [wide for _, wide in bars]
    assert widths[1] / widths[2] == pytest.approx(190 / 90, rel=0.01)
    assert widths[3] == 1, "little is not nothing"


def test_texts_stay_inside_the_picture() -> None:
    root = drawn(INSPECTED)
    _, _, wide, high = map(float, root.get("viewBox", "").split())
    for it in root.iter(f"{SVG}text"):
        assert float(it.get("y", 0)) < high
        if "number" not in it.get("class", ""):
            assert float(it.get("x", 0)) + 7.3 * len("".join(it.itertext())) < wide


@pytest.mark.parametrize("evil", ["</text><script>x</script>", 'a"b&c', "\x1b[31mred", "\x00\x07", "\udcff", "a\nb"])
def test_foreign_words_cannot_break_it(evil: str) -> None:
    layer = replace(INSPECTED.layers[0], made_by=evil)
    waste = replace(INSPECTED.wastes[0], path=f"/{evil}")
    answer = replace(INSPECTED, name=evil, layers=(layer,), wastes=(waste,))
    root = drawn(answer)
    assert not list(root.iter(f"{SVG}script"))
    assert "\x1b" not in picture(answer)


def test_an_image_without_layers_has_a_picture() -> None:
    assert drawn(replace(INSPECTED, layers=(), wastes=(), savings=())) is not None


def test_a_hundred_layers_fit() -> None:
    many = tuple(replace(INSPECTED.layers[1], number=number) for number in range(100))
    root = drawn(replace(INSPECTED, layers=many))
    assert max(float(it.get("y", 0)) for it in root.iter(f"{SVG}text")) < float(root.get("viewBox", "").split()[3])


def test_only_the_picture_goes_to_standard_output() -> None:
    out, heard = io.StringIO(), list[Event]()

    class Others:
        def __call__(self, event: Event) -> None:
            heard.append(event)

        def close(self) -> None:
            heard.clear()

    view = Picture(out, Others())
    events: list[Event] = [Noted("reading"), Answered(INSPECTED), Outcome(status="answered", exit=Exit.OK)]
    for it in events:
        view(it)
    assert out.getvalue() == picture(INSPECTED)
    assert heard == [events[0], events[2]]
    view.close()
    assert not heard
    with pytest.raises(TypeError):
        picture(VERSION)
