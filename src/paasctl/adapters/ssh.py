"""SSH signatures by `ssh-keygen -Y` (OpenSSH 8.2 and later): the `Ssh` port. Nothing is ever asked on a terminal."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from paasctl.adapters.disk import disk
from paasctl.adapters.git.command import GitCommand, scrubbed
from paasctl.errors import ConfigError, Unavailable
from paasctl.model.approving import NAMESPACE, PublicKey, SigningWith

_TIMEOUT = 20.0
_SIGNING = 60.0
"""Seconds; a key on a token waits to be touched."""
_BAD = 255
"""How ssh-keygen ends where it finds a signature bad, and also where it can't do its work."""
_NO_KEYS = 1
"""How ssh-add ends where the agent answered, and has none."""
_WHO = "approver"
_HINT = "install OpenSSH 8.2 or later (`openssh-client`)"

# A signature that is known to be good, of a key that nobody has any more: a program that takes it for a bad one can't
# tell of others that they are bad.
_KNOWN = b"paasctl"
_KNOWN_KEY = PublicKey.parse("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA10XT6eW1/RA/jaNRWZ5QScbKto7aSYgZYHrDB+hfht")
_KNOWN_SIGNATURE = b"""\
-----BEGIN SSH SIGNATURE-----
U1NIU0lHAAAAAQAAADMAAAALc3NoLWVkMjU1MTkAAAAgDXRdPp5bX9ED+No1FZnlBJxsq2
jtpJiBlgesMH6F+G0AAAAQcGFhc2N0bC1hcHByb3ZhbAAAAAAAAAAGc2hhNTEyAAAAUwAA
AAtzc2gtZWQyNTUxOQAAAEDP6JUtX6/oOssl7+EKuzG8wkufafhvX7rYFMXnZ5ZMzwmrpP
I3ZUftELA/5I9Zt+6pnjON95HoercEcceGTsEH
-----END SSH SIGNATURE-----
"""


class SshKeygen:
    """`ssh-keygen`, `ssh-add` and git's word on which key is the user's. `folder`: where relative paths begin."""

    def __init__(self, folder: Path, project: Path, environ: Mapping[str, str]) -> None:
        self._folder = folder
        self._git = GitCommand(project, environ)
        # Whoever asks for a passphrase gets none: on a terminal, in a window and in a pipe it is the same.
        self._environ = {**scrubbed(environ), "SSH_ASKPASS": "false"}

    def check(self) -> str:
        """That signatures can be checked here."""
        if why := self._self_test:
            raise Unavailable(f"checking a signature: {why}", hint=_HINT, code="ssh-keygen-missing")
        return "ssh-keygen checks signatures"

    def keys(self, path: str) -> tuple[SigningWith, ...]:
        """The key in a file; else git's, then those of an agent."""
        if path:
            return (SigningWith(fingerprint=self._fingerprint(path), key=path, source="--key"),)
        of_git = tuple(self._of_git())
        return (*of_git, *self._of_agent(needed=not of_git))

    def why_unsound(self, content: bytes, signature: bytes, keys: Iterable[PublicKey]) -> str:
        """Why none of the keys has made it; empty: one has. A refusal is believed of a program that works."""
        why = self._verify(content, signature, keys)
        if why:
            self.check()
        return why

    def sign(self, content: bytes, key: SigningWith) -> bytes:
        """The signature, by an agent where one has the key, else by the file."""
        with _folder() as folder:
            file = str(self._file(key.key))
            if key.source == "ssh-agent" or _is_public(key.key):
                file = str(folder / "key.pub")
                with disk("writing", folder):
                    Path(file).write_text(f"{key.key}\n")
            done = self._run("ssh-keygen", "-Y", "sign", "-n", NAMESPACE, "-f", file, given=content, timeout=_SIGNING)
        if done.returncode or not done.stdout:
            raise ConfigError(
                f"signing with the key {key.fingerprint} ({key.source}): {_words(done.stderr) or 'no signature came'}",
                hint="a key with a passphrase: ssh-add KEY first; a PEM file needs its .pub beside it (ssh-keygen -y)",
                code="key-unusable",
            )
        return done.stdout

    @cached_property
    def _self_test(self) -> str:
        return self._verify(_KNOWN, _KNOWN_SIGNATURE, [_KNOWN_KEY])

    def _verify(self, content: bytes, signature: bytes, keys: Iterable[PublicKey]) -> str:
        with _folder() as folder:
            signers, file = folder / "signers", folder / "signature"
            with disk("writing", folder):
                signers.write_text("".join(f'{_WHO} namespaces="{NAMESPACE}" {it}\n' for it in keys))
                file.write_bytes(signature)
            words = ("-Y", "verify", "-n", NAMESPACE, "-I", _WHO, "-f", str(signers), "-s", str(file))
            done = self._run("ssh-keygen", *words, given=content)
        if done.returncode not in (0, _BAD):
            raise Unavailable(
                f"checking a signature: ssh-keygen ended with {done.returncode}: {_words(done.stderr)}",
                hint=_HINT,
                code="ssh-keygen-missing",
            )
        return "" if done.returncode == 0 else _words(done.stderr) or "ssh-keygen does not verify it"

    def _file(self, path: str) -> Path:
        try:
            return self._folder / Path(path).expanduser()
        except RuntimeError:  # ~NAME of nobody, or no HOME
            raise ConfigError(
                f"reading the key {path}: nobody knows where {Path(path).parts[0]} is",
                hint="--key takes an SSH key's file: write its whole path",
                code="key-unreadable",
            ) from None

    def _fingerprint(self, path: str) -> str:
        file = self._file(path)
        done = self._run("ssh-keygen", "-l", "-E", "sha256", "-f", str(file))
        found = next((it for it in done.stdout.decode("utf-8", "replace").split() if it.startswith("SHA256:")), "")
        if done.returncode or not found:
            raise ConfigError(
                f"reading the key {file}: {_words(done.stderr) or 'it is no SSH key'}",
                hint="--key takes an SSH key's file: ssh-keygen -t ed25519 makes one",
                code="key-unreadable",
            )
        return found

    def _of_git(self) -> Iterator[SigningWith]:
        """`user.signingKey`, where git signs with SSH keys."""
        if self._asked("gpg.format") != "ssh" or not (said := self._asked("--type=path", "user.signingKey")):
            return
        line = said.removeprefix("key::")
        if _is_public(line):
            key = PublicKey.parse(line)
            yield SigningWith(fingerprint=key.fingerprint, key=str(key), source="git")
        else:
            yield SigningWith(fingerprint=self._fingerprint(said), key=said, source="git")

    def _asked(self, *words: str) -> str:
        return self._git.run("config", *words[:-1], "--get", words[-1]).out.decode("utf-8", "replace").strip()

    def _of_agent(self, *, needed: bool) -> Iterator[SigningWith]:
        """`needed`: one that does not answer has not said that it has none."""
        if not (socket := self._environ.get("SSH_AUTH_SOCK")):
            return
        done = self._run("ssh-add", "-L")
        if needed and done.returncode not in (0, _NO_KEYS):
            raise Unavailable(
                f"asking the SSH agent at {socket} for its keys: {_words(done.stderr) or 'no answer'}",
                hint="--key FILE signs without it; unset SSH_AUTH_SOCK where it is gone",
                code="agent-silent",
            )
        for line in done.stdout.decode("utf-8", "replace").splitlines() if done.returncode == 0 else ():
            if _is_public(line):
                key = PublicKey.parse(line)
                yield SigningWith(fingerprint=key.fingerprint, key=str(key), source="ssh-agent")

    def _run(
        self, program: str, *words: str, given: bytes = b"", timeout: float = _TIMEOUT
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                [program, *words],
                env=self._environ,
                input=given,
                capture_output=True,
                timeout=timeout,
                check=False,
                start_new_session=True,  # without a terminal, on which it would ask
            )
        except FileNotFoundError as error:
            message = f"there is no {program} program on the PATH"
            raise Unavailable(message, hint=_HINT, code="ssh-keygen-missing") from error
        except subprocess.TimeoutExpired as error:
            raise Unavailable(f"running {program}: no answer within {timeout:.0f} s", hint="try again") from error
        except OSError as error:
            raise Unavailable(f"running {program}: {error.strerror}", hint=_HINT) from error


@contextmanager
def _folder() -> Iterator[Path]:
    """For what the program reads from files; gone afterwards."""
    with disk("writing", Path(tempfile.gettempdir())):
        made = tempfile.TemporaryDirectory(prefix="paasctl-")
    with made as name:
        yield Path(name)


def _is_public(text: str) -> bool:
    try:
        PublicKey.parse(text)
    except ValueError:
        return False
    return True


def _words(said: bytes) -> str:
    """What it said, less what it always says, in one line."""
    lines = [it.strip("@ \t") for it in said.decode("utf-8", "replace").splitlines()]  # it frames what is urgent
    return "; ".join(it for it in lines if it and not it.startswith("Signing "))[:300]
