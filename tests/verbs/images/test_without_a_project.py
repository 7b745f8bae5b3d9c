"""`image` needs no project: no file is read that is not there, and what one says of registries counts where it is."""

from __future__ import annotations

import pytest

from support.imaging import Somewhere, image

PAAS = """\
app: shop
images: {web: {context: .}}
services: {web: {image: web, port: 8080}}
registries: {dev: {repository: "HOST/shop", insecure: INSECURE}}
clusters: {local: {context: kind-local}}
environments: {dev: {cluster: local, registry: dev}}
"""


def test_a_broken_file_is_no_matter_where_no_registry_is_asked(here: Somewhere) -> None:
    source = here.fill("layout")
    (here.folder / "paas.yaml").write_text("{{{")
    said = image("squash", source, "oci:out:it", "--all")
    assert said.status == 0, said.err


def test_it_is_read_for_what_it_says_of_a_registry(here: Somewhere) -> None:
    """Loopback is asked without TLS unless the file says otherwise: then it is, and fails."""
    source, target = here.fill("layout"), here.named("registry", "two")
    (here.folder / "paas.yaml").write_text(PAAS.replace("HOST", here.registry.host).replace("INSECURE", "false"))
    said = image("copy", source, target, "--timeout", "5s")
    assert said.status != 0
    (here.folder / "paas.yaml").write_text(PAAS.replace("HOST", here.registry.host).replace("INSECURE", "true"))
    said = image("copy", source, target)
    assert said.status == 0, said.err


def test_a_broken_file_is_told_where_it_would_count(here: Somewhere) -> None:
    source = here.fill("registry")
    (here.folder / "paas.yaml").write_text("app: 5\n")
    said = image("copy", source, "oci:out:it")
    assert said.status == 78
    assert "paas.yaml:1" in said.err


def test_a_file_that_was_named_must_be_there(here: Somewhere) -> None:
    source = here.fill("registry")
    said = image("copy", source, "oci:out:it", "--file", "other.yaml")
    assert said.status == 78
    assert "file-missing" in said.err


@pytest.mark.parametrize("verb", ["squash", "copy"])
def test_paths_are_those_of_the_folder_one_works_in(here: Somewhere, verb: str) -> None:
    here.fill("layout")
    (here.folder / "deep").mkdir()
    args = ["--all"] if verb == "squash" else []
    said = image(verb, "oci:../layout-one:one", "image.tar", *args, folder=here.folder / "deep")
    assert said.status == 0, said.err
    assert (here.folder / "deep" / "image.tar").is_file()


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (("web", "oci:b"), "neither a tag nor a digest"),
        (("oci:", "oci:b"), "no folder"),
        (("oci:a", "docker:"), "no name"),
        (("oci:a", f"127.0.0.1:5000/web@sha256:{'a' * 64}"), "a digest cannot be chosen"),
        (("oci:a", f"docker:web@sha256:{'a' * 64}"), "a digest cannot be chosen"),
        (("oci:a", "oci:a"), "it is there already"),
    ],
)
def test_a_place_that_is_none_is_a_wrong_command_line(here: Somewhere, args: tuple[str, str], says: str) -> None:
    here.lay("it")
    (here.folder / "made").rename(here.folder / "a")
    said = image("copy", *args)
    assert said.status == 2
    assert says in said.err


def test_the_answer_for_scripts_is_the_digest_alone(here: Somewhere) -> None:
    source = here.fill("layout")
    digest = here.source(source).root().digest
    assert image("copy", source, "x.tar", "-q").out == f"{digest}\n"
    target = here.named("registry", "two")
    assert image("copy", source, target, "-q").out == f"{target.rpartition(':')[0]}@{digest}\n"
    facts = image("copy", source, "oci:b:it", "-o", "json").outcome["facts"]
    assert facts["digest"] == digest
    assert facts["blobs.sent"] == "4"
    jsonl = image("copy", source, "oci:c:it", "-o", "jsonl").out.splitlines()
    assert '"do": "copyTo"' in jsonl[1] or '"do":"copyTo"' in jsonl[1]
