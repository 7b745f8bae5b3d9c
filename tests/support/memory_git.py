"""Git in memory, as honest as its port asks: commits with parents and times, tags of both kinds, remotes of their own.

`tests/contract/git` holds it to the same promises as real repositories. What a write is, `spend` is told first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from paasctl.adapters.git.branch import branch_from_ci, is_ci, told_branch
from paasctl.errors import Forbidden, PaasError, Refused, Unavailable, WouldClobber
from paasctl.model.change import Change
from paasctl.model.config import Versioning
from paasctl.model.version import Checkout, Version
from paasctl.planning.versions.tags import TagRule, is_version_tag, read_tag, tag_rule
from support.histories import history

FIRST = 1_700_000_000
_SUBJECTS = 1000


@dataclass(frozen=True)
class Commit:
    """`files` is the whole tree: path -> content."""

    parents: tuple[str, ...]
    when: int
    subject: str
    files: Mapping[str, bytes]


@dataclass(frozen=True)
class Annotated:
    """A tag with a message; of a commit, or of another tag. A light one is no more than the commit's hash."""

    target: str | Annotated
    message: str
    tagger: str = "Anna <anna@shop.example>"


Tag = str | Annotated


@dataclass
class Remote:
    """Refs somewhere else. `declines`: its hook lets no push in; `is_closed`: we may only read.

    Without `brings_tags` a fetch leaves tags there.
    """

    url: str
    heads: dict[str, str] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    is_reachable: bool = True
    declines: bool = False
    is_closed: bool = False
    brings_tags: bool = True


@dataclass
class MemoryGit:
    """`ports.Git`. `branch` None: detached. `files` lie in the checkout; what differs from HEAD's is dirt."""

    spend: Callable[[], None] = lambda: None
    root: str = "/checkout"
    head: str = ""
    branch: str | None = "main"
    commits: dict[str, Commit] = field(default_factory=dict)
    tags: dict[str, Tag] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    remotes: dict[str, Remote] = field(default_factory=dict)
    settings: dict[str, str] = field(default_factory=dict)
    """As in `git config`, of which `remote.pushDefault`, `branch.NAME.pushRemote` and `branch.NAME.remote` count."""
    is_shallow: bool = False

    @classmethod
    def drawn(cls, drawing: str) -> MemoryGit:
        """A drawing of `support.histories`, made as `repository` makes it on disk."""
        drawn, made = history(drawing), cls()
        names = {0: ""}
        for number, parents in drawn.parents.items():
            files = {path: str(of).encode() for path, of in drawn.files[number].items()}
            names[number] = made.add(f"commit {number}", tuple(names[it] for it in parents), files)
        made.head, made.branch = names[drawn.head], drawn.branch
        for tag, number in drawn.tags.items():
            made.tags[tag] = Annotated(names[number], "") if tag in drawn.annotated else names[number]
        made.files = dict(made.commits[made.head].files) if made.head else {}
        if drawn.dirty:
            made.files["edited.txt"] = b"changed\n"
        return made

    def add(self, subject: str, parents: tuple[str, ...], files: Mapping[str, bytes] | None = None) -> str:
        """A commit that no branch has yet; a minute younger than the last."""
        commit = Commit(parents, FIRST + 60 * (len(self.commits) + 1), subject, dict(files or {}))
        name = hashlib.sha1(repr(commit).encode(), usedforsecurity=False).hexdigest()
        self.commits[name] = commit
        return name

    def commit(self, subject: str) -> str:
        """What lies there becomes the new HEAD."""
        self.head = self.add(subject, (self.head,) if self.head else (), self.files)
        return self.head

    def publish(self, name: str, url: str = "") -> Remote:
        """HEAD as main, and all tags; a remote that is not there yet is added first."""
        remote = self.remotes.setdefault(name, Remote(url or f"https://git.example/{name}.git"))
        remote.heads["main"] = self.head
        remote.tags.update(self.tags)
        return remote

    def clone(self, *, shallow: bool = False, tags: bool = True) -> MemoryGit:
        """Another checkout of the same repository, which is its `origin`."""
        origin = Remote(self.root, {"main": self.head}, dict(self.tags), brings_tags=tags)
        kept = dict(self.tags) if tags and not shallow else {}
        files = dict(self.commits[self.head].files)
        return replace(self, tags=kept, files=files, remotes={"origin": origin}, settings={}, is_shallow=shallow)

    def checkout(self, rules: Versioning, environ: Mapping[str, str]) -> Checkout:
        lacks = self.is_shallow or not all(it.brings_tags for it in self.remotes.values())
        fetched = self._fetch() if lacks and is_ci(environ) and rules.fetch == "ci" else ""
        if self.is_shallow:
            raise _refused("shallow-clone", "git fetch --unshallow --tags")
        if not self.head:
            raise _refused("no-commit", 'git add -A && git commit -m "feat: begin"')
        here = (self.branch, "git") if self.branch else None
        branch, source = told_branch(environ) or here or branch_from_ci(environ) or (None, "git")
        versions = dict(self._versions(tag_rule(branch, rules)))
        remote = self._push_remote()
        if not versions and not all(it.brings_tags for it in self.remotes.values()):
            raise _refused("no-tags", "git fetch --tags")
        whole = self._history(self.head)
        tags = self._nearest_first(versions, whole)
        below = next((self._history(peeled(self.tags[name])) for name, distance in tags if distance), set[str]())
        fresh = [it.subject.partition("\n")[0] for name, it in reversed(self.commits.items()) if name in whole - below]
        dirty = self._dirty()
        return Checkout(
            commit=self.head,
            committed=self.commits[self.head].when,
            branch=branch,
            branch_from=source,
            tags=tags,
            changes=self._changes(rules, tags, whole) if rules.is_narrowed else None,
            commits=len(whole),
            dirty=dirty,
            tree=self._tree(dirty) if dirty else "",
            root=self.root,
            remote=remote,
            fetched=fetched,
            head_subjects=tuple(fresh[:_SUBJECTS]),
        )

    def _fetch(self) -> str:
        """What CI lacks, from the only remote; its name."""
        (name,) = self.remotes
        self.tags |= self._reached(name).tags
        self.remotes[name].brings_tags, self.is_shallow = True, False
        return name

    def _changes(self, rules: Versioning, tags: tuple[tuple[str, int], ...], whole: set[str]) -> int:
        """Of the commits since the nearest tag those that change one of the paths: a merge, if no parent has it so."""
        since = whole - (self._history(peeled(self.tags[tags[0][0]])) if tags else set())
        return sum(any(_is_inside(path, rules) for path in self._changed(it)) for it in since)

    def _changed(self, commit: str) -> set[str]:
        files, parents = self.commits[commit].files, [self.commits[it].files for it in self.commits[commit].parents]
        every = {path for tree in (files, *parents) for path in tree}
        return {path for path in every if all(files.get(path) != it.get(path) for it in parents)}

    def tag_commit(self, tag: str) -> str | None:
        return peeled(self.tags[tag]) if tag in self.tags else None

    def tagger(self, tag: str) -> str:
        found = self.tags.get(tag)
        return found.tagger if isinstance(found, Annotated) else ""

    def remote_tag_commit(self, remote: str, tag: str) -> str | None:
        tags = self._reached(remote).tags
        return peeled(tags[tag]) if tag in tags else None

    def position(self, remote: str, branch: str) -> tuple[int, int] | None:
        tip = self._reached(remote).heads.get(branch)
        if tip is None:
            return None
        ours, theirs = self._history(self.head), self._history(tip)
        return len(ours - theirs), len(theirs - ours)

    def changes(self, since: str, rules: Versioning) -> tuple[Change, ...]:
        fresh = self._history(self.head) - (self._history(peeled(self.tags[since])) if since else set())
        if rules.is_narrowed:
            fresh = {it for it in fresh if any(_is_inside(path, rules) for path in self._changed(it))}
        newest = [(name, it) for name, it in reversed(self.commits.items()) if name in fresh]
        return tuple(
            Change(
                commit=name,
                subject=it.subject.partition("\n")[0],
                body=it.subject.partition("\n")[2].strip(),
                is_merge=len(it.parents) > 1,
            )
            for name, it in newest[:_SUBJECTS]
        )

    def check_identity(self) -> None:
        if self.settings.get("user.useConfigOnly") == "true" and "user.email" not in self.settings:
            raise _refused("no-identity", "git config user.name NAME && git config user.email ADDRESS")

    def check_push(self, remote: str, tag: str, commit: str) -> None:
        there = self._reached(remote)
        if there.is_closed and tag not in there.tags:
            raise Forbidden(f"asking whether {remote} takes a push of {tag}: denied")
        assert commit in self.commits

    def remote_url(self) -> str:
        if "origin" in self.remotes:
            return self.remotes["origin"].url
        return next(iter(self.remotes.values())).url if len(self.remotes) == 1 else ""

    def tag(self, tag: str, commit: str, message: str) -> None:
        there = self.tag_commit(tag)
        if there == commit:
            return
        if there is not None:
            raise WouldClobber(
                f"making tag {tag}: it is on commit {there[:7]} already, not on {commit[:7]}",
                hint=f"git show {tag}; git tag -d {tag} if it was a mistake",
            )
        if commit not in self.commits:
            raise Unavailable(f"making tag {tag}: there is no commit {commit}")
        self.spend()
        self.tags[tag] = Annotated(commit, message)

    def push_tag(self, remote: str, tag: str) -> bool:
        there, doing = self._reached(remote), f"pushing tag {tag} to {remote}"
        if tag not in self.tags:
            raise Unavailable(f"{doing}: there is no such tag here")
        ours, theirs = self.tag_commit(tag), self.remote_tag_commit(remote, tag)
        if theirs == ours:
            return False
        if theirs is not None:
            raise WouldClobber(
                f"{doing}: it is there already, on commit {theirs[:7]} and not on {str(ours)[:7]}",
                hint=f"git tag -d {tag} && git fetch --tags {remote}, then run again",
            )
        if there.is_closed:
            raise Forbidden(f"{doing}: denied")
        if there.declines:
            raise Forbidden(f"{doing}: pre-receive hook declined")
        self.spend()
        there.tags[tag] = self.tags[tag]
        return True

    def adopt_tag(self, remote: str, tag: str) -> None:
        theirs = self._reached(remote).tags
        if tag not in theirs:
            raise Unavailable(f"asking git (fetch): couldn't find remote ref refs/tags/{tag}")
        if self.tags.get(tag) != theirs[tag]:
            self.spend()
            self.tags[tag] = theirs[tag]

    def _history(self, commit: str) -> set[str]:
        """The commit and everything below it."""
        found: set[str] = set()
        queue = [commit]
        while queue:
            here = queue.pop()
            if here not in found:
                found.add(here)
                queue.extend(self.commits[here].parents)
        return found

    def _versions(self, rule: TagRule) -> Iterator[tuple[str, Version]]:
        for name, tag in self.tags.items():
            if not is_version_tag(name, rule):
                continue
            if isinstance(tag, Annotated) and isinstance(tag.target, Annotated):
                raise _refused("nested-tag", f"git tag -f {name} {name}^{{}}")
            yield name, read_tag(name, rule).version

    def _nearest_first(self, versions: Mapping[str, Version], whole: set[str]) -> tuple[tuple[str, int], ...]:
        at = {name: peeled(self.tags[name]) for name in versions}
        found = [(name, len(whole - self._history(commit))) for name, commit in at.items() if commit in whole]
        highest_first = sorted(found, key=lambda it: versions[it[0]], reverse=True)
        return tuple(sorted(highest_first, key=lambda it: it[1]))

    def _push_remote(self) -> str | None:
        names = (f"branch.{self.branch}.pushRemote", "remote.pushDefault", f"branch.{self.branch}.remote")
        chosen = [self.settings[it] for it in names if self.settings.get(it) in self.remotes]
        chosen += [it for it in self.remotes if it == "origin"]
        if not chosen and len(self.remotes) > 1:
            raise _refused("ambiguous-remote", f"git config remote.pushDefault {min(self.remotes)}")
        return next(iter([*chosen, *self.remotes]), None)

    def _dirty(self) -> tuple[str, ...]:
        committed = self.commits[self.head].files
        return tuple(sorted(it for it in {*committed, *self.files} if committed.get(it) != self.files.get(it)))

    def _tree(self, dirty: tuple[str, ...]) -> str:
        told = repr((self.head, [(it, self.files.get(it)) for it in dirty]))
        return hashlib.sha256(told.encode()).hexdigest()[:12]

    def _reached(self, name: str) -> Remote:
        if name not in self.remotes or not self.remotes[name].is_reachable:
            raise Unavailable(f"asking {name}: it does not appear to be a git repository")
        return self.remotes[name]


def _is_inside(path: str, rules: Versioning) -> bool:
    def below(folders: tuple[str, ...]) -> bool:
        return any(path.startswith(it.strip("/")) for it in folders)

    return below(rules.paths or ("/",)) and not below(rules.exclude)


def peeled(tag: Tag) -> str:
    """The commit that a tag is on, in the end."""
    return peeled(tag.target) if isinstance(tag, Annotated) else tag


def _refused(code: str, hint: str) -> PaasError:
    return Refused(f"reading the checkout: {code}", hint=hint, code=code)
