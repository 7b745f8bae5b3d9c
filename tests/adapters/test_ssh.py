"""SSH signatures with the real ssh-keygen and a real agent; and with programs that can't do their work."""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from paasctl.adapters.ssh import SshKeygen
from paasctl.errors import ConfigError, Unavailable
from paasctl.model.approving import PublicKey
from paasctl.oci.documents.approval import signer_of

_KINDS = {
    "ed25519": ("ed25519",),
    "rsa": ("rsa", "-b", "2048"),
    "ecdsa": ("ecdsa", "-b", "256"),
    "ecdsa 521": ("ecdsa", "-b", "521"),
}
_PATH = {"PATH": os.environ["PATH"]}


def make(folder: Path, kind: str = "ed25519", *words: str, name: str = "key", passphrase: str = "") -> PublicKey:
    """A key pair in a folder."""
    argv = ["ssh-keygen", "-q", "-t", *_KINDS[kind], "-N", passphrase, "-C", "a comment", "-f", name, *words]
    subprocess.run(argv, cwd=folder, check=True, stdin=subprocess.DEVNULL)
    return PublicKey.parse((folder / f"{name}.pub").read_text())


def ssh(folder: Path, **environ: str) -> SshKeygen:
    return SshKeygen(folder, folder, {**_PATH, "HOME": str(folder), **environ})


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[str]:
    """The socket of an agent of our own."""
    socket = str(tmp_path / "agent")
    running = subprocess.Popen(["ssh-agent", "-D", "-a", socket], stdout=subprocess.DEVNULL)
    while not Path(socket).exists():
        time.sleep(0.01)  # noqa: TID251 - a program of its own
    yield socket
    running.terminate()
    running.wait()


def add(folder: Path, socket: str, name: str = "key", passphrase: str = "") -> None:
    """Hand a key to the agent."""
    ask = folder / "ask"
    ask.write_text(f"#!/bin/sh\necho {passphrase}\n")
    ask.chmod(0o700)
    environ = {**_PATH, "SSH_AUTH_SOCK": socket, "SSH_ASKPASS": str(ask), "SSH_ASKPASS_REQUIRE": "force"}
    subprocess.run(["ssh-add", "-q", name], cwd=folder, env=environ, check=True, stdin=subprocess.DEVNULL)


def program(folder: Path, name: str, script: str) -> str:
    """A `PATH` on which a program is another."""
    (folder / "bin").mkdir()
    (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / "bin" / name).chmod(0o700)
    return f"{folder / 'bin'}:{os.environ['PATH']}"


@pytest.mark.parametrize("kind", _KINDS)
def test_what_a_key_signs_is_known_for_its_own(tmp_path: Path, kind: str) -> None:
    public = make(tmp_path, kind)
    ours = ssh(tmp_path)
    (key,) = ours.keys("key")
    assert (key.fingerprint, key.source) == (public.fingerprint, "--key")
    signature = ours.sign(b"yes", key)
    assert signer_of(signature) == public
    assert ours.why_unsound(b"yes", signature, [public]) == ""
    assert ours.why_unsound(b"no", signature, [public]) == "Signature verification failed: incorrect signature"


def test_of_several_keys_any_may_have_made_it_and_no_other(tmp_path: Path) -> None:
    one, other, third = (make(tmp_path, name=it) for it in ("one", "other", "third"))
    ours = ssh(tmp_path)
    signature = ours.sign(b"yes", ours.keys("other")[0])
    assert ours.why_unsound(b"yes", signature, [one, other]) == ""
    assert ours.why_unsound(b"yes", signature, [one, third])


def test_a_key_with_a_passphrase_asks_nobody_and_signs_by_an_agent(tmp_path: Path, agent: str) -> None:
    public = make(tmp_path, passphrase="secret")
    alone = ssh(tmp_path, DISPLAY=":0")
    (key,) = alone.keys("key")
    began = time.monotonic()
    with pytest.raises(ConfigError, match="passphrase") as caught:
        alone.sign(b"yes", key)
    assert (caught.value.code, time.monotonic() - began < 5) == ("key-unusable", True)
    assert "ssh-add" in caught.value.hint
    add(tmp_path, agent, passphrase="secret")
    with_agent = ssh(tmp_path, SSH_AUTH_SOCK=agent)
    assert with_agent.why_unsound(b"yes", with_agent.sign(b"yes", key), [public]) == ""


def test_keys_of_an_agent_are_offered_and_sign(tmp_path: Path, agent: str) -> None:
    public = [make(tmp_path, kind, name=f"key{at}") for at, kind in enumerate(_KINDS)]
    for at in range(len(public)):
        add(tmp_path, agent, f"key{at}")
        (tmp_path / f"key{at}").unlink()
    ours = ssh(tmp_path, SSH_AUTH_SOCK=agent)
    found = ours.keys("")
    assert [(it.fingerprint, it.source) for it in found] == [(it.fingerprint, "ssh-agent") for it in public]
    for key, it in zip(found, public, strict=True):
        assert ours.why_unsound(b"yes", ours.sign(b"yes", key), [it]) == ""


def test_an_empty_agent_offers_nothing_and_one_that_is_gone_has_said_nothing(tmp_path: Path, agent: str) -> None:
    make(tmp_path)
    assert ssh(tmp_path, SSH_AUTH_SOCK=agent).keys("") == ()
    gone = ssh(tmp_path, SSH_AUTH_SOCK=str(tmp_path / "nothing"))
    with pytest.raises(Unavailable, match=f"asking the SSH agent at {tmp_path / 'nothing'} for its keys: ") as caught:
        gone.keys("")
    assert (caught.value.code, "--key FILE" in caught.value.hint) == ("agent-silent", True)
    (tmp_path / ".gitconfig").write_text(f"[user]\n  signingKey = {tmp_path / 'key'}\n[gpg]\n  format = ssh\n")
    assert [it.source for it in gone.keys("")] == ["git"], "nobody needs it"


def test_without_room_for_files_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    public = make(tmp_path)
    ours = ssh(tmp_path)
    (key,) = ours.keys("key")
    signature = ours.sign(b"yes", key)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nothing"))
    for ask in (lambda: ours.why_unsound(b"yes", signature, [public]), lambda: ours.sign(b"yes", key)):
        with pytest.raises(Unavailable, match=f"writing {tmp_path / 'nothing'}: "):
            ask()


@pytest.mark.parametrize("how", ["the private file", "the public file", "~", "as it is", "key::"])
def test_the_key_that_git_signs_with(tmp_path: Path, agent: str, how: str) -> None:
    public = make(tmp_path)
    add(tmp_path, agent)
    said = {
        "the private file": str(tmp_path / "key"),
        "the public file": str(tmp_path / "key.pub"),
        "~": "~/key",
        "as it is": f"{public} a comment",
        "key::": f"key::{public}",
    }[how]
    (tmp_path / ".gitconfig").write_text(f'[user]\n  signingKey = "{said}"\n')
    assert ssh(tmp_path).keys("") == (), "without gpg.format it is a GPG key's name"
    with (tmp_path / ".gitconfig").open("a") as config:
        config.write("[gpg]\n  format = ssh\n")
    ours = ssh(tmp_path, SSH_AUTH_SOCK=agent)
    key, _ = ours.keys("")
    assert (key.fingerprint, key.source) == (public.fingerprint, "git")
    assert ours.why_unsound(b"yes", ours.sign(b"yes", key), [public]) == ""


def test_a_home_of_nobody_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"reading the key ~nosuchperson/key: nobody knows where ~nosuchperson is"):
        ssh(tmp_path).keys("~nosuchperson/key")


def test_a_file_that_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("hello\n")
    for name in ("key", "nothing"):
        with pytest.raises(ConfigError, match=f"reading the key {tmp_path / name}: ") as caught:
            ssh(tmp_path).keys(name)
        assert caught.value.code == "key-unreadable"


def test_a_key_in_pem_without_its_public_half_is_told_what_to_do(tmp_path: Path) -> None:
    make(tmp_path, "rsa", "-m", "PEM")
    ours = ssh(tmp_path)
    (key,) = ours.keys("key")
    assert ours.sign(b"yes", key)
    (tmp_path / "key.pub").unlink()
    with pytest.raises(ConfigError) as caught:
        ours.sign(b"yes", key)
    assert "ssh-keygen -y" in caught.value.hint


def test_a_private_key_that_all_may_read_is_not_used(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "key").chmod(0o644)
    ours = ssh(tmp_path)
    with pytest.raises(ConfigError, match=r"\(--key\): WARNING: UNPROTECTED PRIVATE KEY FILE!; Permissions 0644 for"):
        ours.sign(b"yes", ours.keys("key")[0])


def test_without_ssh_keygen_nothing_is_known(tmp_path: Path) -> None:
    public = make(tmp_path)
    signature = ssh(tmp_path).sign(b"yes", ssh(tmp_path).keys("key")[0])
    (tmp_path / "empty").mkdir()
    without = ssh(tmp_path, PATH=str(tmp_path / "empty"))
    for ask in (without.check, lambda: without.why_unsound(b"yes", signature, [public]), lambda: without.keys("key")):
        with pytest.raises(Unavailable, match="there is no ssh-keygen program on the PATH") as caught:
            ask()
        assert (caught.value.code, "install OpenSSH" in caught.value.hint) == ("ssh-keygen-missing", True)


@pytest.mark.parametrize(
    "script",
    [
        "echo 'No user exists for uid 4711' >&2; exit 255",
        "echo 'unknown option -- Y' >&2; exit 1",
        "kill -9 $$",
    ],
    ids=["finds every signature bad", "is too old", "dies"],
)
def test_a_program_that_cannot_check_says_nothing_of_a_signature(tmp_path: Path, script: str) -> None:
    public = make(tmp_path)
    signature = ssh(tmp_path).sign(b"yes", ssh(tmp_path).keys("key")[0])
    broken = ssh(tmp_path, PATH=program(tmp_path, "ssh-keygen", script))
    with pytest.raises(Unavailable) as caught:
        broken.why_unsound(b"no", signature, [public])
    assert caught.value.code == "ssh-keygen-missing"
    with pytest.raises(Unavailable):
        broken.check()


def test_one_that_works_says_so(tmp_path: Path) -> None:
    assert ssh(tmp_path).check() == "ssh-keygen checks signatures"
