"""The version of a checkout, and the release it may become. Facts in, names out (cli.md decisions 1, 2, 19)."""

from __future__ import annotations

from paasctl.errors import together
from paasctl.model.config import Versioning
from paasctl.model.counting import count
from paasctl.model.version import NO_WISH, Checkout, Named, Spelled, Why, Wish
from paasctl.planning.versions.following import Following, following
from paasctl.planning.versions.position import ReleasePosition, position_problems
from paasctl.planning.versions.snapshot import spell_snapshot
from paasctl.planning.versions.spelling import dns_label, image_tag, label_value
from paasctl.planning.versions.tags import TagRule, VersionTag, counted_from, is_version_tag, read_tag, tag_rule
from paasctl.values import dataclass

__all__ = [
    "ReleasePosition",
    "dns_label",
    "image_tag",
    "label_value",
    "name_version",
    "next_release",
    "position_problems",
    "release_version",
    "wanted_release",
]


def name_version(checkout: Checkout, rules: Versioning, wish: Wish = NO_WISH) -> Named:
    """The version of what lies in the checkout: its tag's, or one between the tag it counts from and the next release.

    A `wish` for a version is none for the tag's own; see `wanted_release` for what is refused.
    """
    seen = _look(checkout, rules)
    if seen.carried and not (checkout.dirty or wish.snapshot) and _suits(wish, seen.carried[0]):
        return _tagged(seen, seen.carried, wish)
    then = following(checkout, rules, seen.tag, wish)
    made = spell_snapshot(checkout, rules, seen.tag, seen.commits, then.version)
    return _named(seen, then, text=made.text, story=made.story, cut=made.cut)


def next_release(checkout: Checkout, rules: Versioning, wish: Wish = NO_WISH) -> Named:
    """The release after what is there: on a tag the one after it, else what `release` would make."""
    seen = _look(checkout, rules)
    then = following(checkout, rules, seen.tag, wish)
    return _named(seen, then, text=str(then.version), story=())


def wanted_release(checkout: Checkout, rules: Versioning, *, explicit: str = "", increment: str = "") -> Named:
    """What `release` would tag: the version HEAD is tagged with, else the next by the rule, or the `explicit` one.

    `increment` takes the rule's place for once; a commit that has its version already keeps it.

    Judges nothing else; `release_version` does. An `explicit` version that is none is a `UsageError`; one that is not
    above the tag that counts is refused.
    """
    seen, wish = _look(checkout, rules), Wish(version=explicit, increment=increment)
    if seen.carried and _suits(wish, seen.carried[0]):
        return _tagged(seen, seen.carried, wish)
    return next_release(checkout, rules, wish)


def release_version(position: ReleasePosition, rules: Versioning, *, explicit: str = "") -> Named:
    """The release that may be made of this very commit, or why not.

    Refused: a dirty tree (V4), a branch releases aren't made from, a detached HEAD without a tag, a branch ahead of or
    behind its remote (V5), a tag that the remote has on another commit (V6), a project of which nothing changed. A tag
    that the remote has on this commit is a release under way: running again completes it, from wherever it is checked
    out (V7). All that is wrong is told at once.
    """
    wanted = wanted_release(position.checkout, rules, explicit=explicit)
    if problems := tuple(position_problems(wanted, position, rules)):
        raise together(problems)
    return wanted


# --- tags -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """The checkout beside the tags that matter to it."""

    checkout: Checkout
    rules: Versioning
    rule: TagRule
    counted: tuple[VersionTag, int] | None
    """The tag to count from, and commits between it and HEAD."""
    carried: tuple[VersionTag, int] | None
    """The tag whose version this is, but for dirt."""

    @property
    def tag(self) -> VersionTag | None:
        return self.counted[0] if self.counted else None

    @property
    def commits(self) -> int:
        """Commits that count since that tag."""
        if self.checkout.changes is not None:
            return self.checkout.changes
        return self.counted[1] if self.counted else self.checkout.commits


def _look(checkout: Checkout, rules: Versioning) -> _Seen:
    rule = tag_rule(checkout.branch, rules)
    tags = [(read_tag(name, rule), distance) for name, distance in checkout.tags if is_version_tag(name, rule)]
    counted = counted_from(tags, rule)
    # What announces a version names no commit: on HEAD a release beside it goes first.
    released = counted_from([it for it in tags if not it[0].is_marker], rule)
    unchanged = checkout.changes == 0 and released == counted
    carried = released if released and (released[1] == 0 or unchanged) else None
    return _Seen(checkout=checkout, rules=rules, rule=rule, counted=counted, carried=carried)


def _suits(wish: Wish, tag: VersionTag) -> bool:
    return wish.version in ("", str(tag.version))


def _tagged(seen: _Seen, carried: tuple[VersionTag, int], wish: Wish) -> Named:
    tag, back = carried
    then = following(seen.checkout, seen.rules, seen.tag, Wish(increment=wish.increment))
    text = str(tag.version)
    return Named(
        text=text,
        is_release=True,
        dirty=bool(seen.checkout.dirty),
        story=(*_fetched(seen.checkout), _carries(seen, tag.name, back)),
        tag=tag.name,
        why=_why(seen, then, tag=tag.name, back=back, commits=0),
        spelled=_spelled(text),
    )


def _named(seen: _Seen, then: Following, *, text: str, story: tuple[str, ...], cut: tuple[str, ...] = ()) -> Named:
    tag, back = seen.counted or (None, seen.checkout.commits)
    spelled = _spelled(text)
    short = f"as a label it is cut to {spelled.label}"
    cut_label = (short,) if len(text) > len(spelled.label) else ()
    return Named(
        text=text,
        is_release=False,
        dirty=bool(seen.checkout.dirty),
        story=(*_fetched(seen.checkout), _where(seen), then.story, *story, *cut_label),
        tag=seen.rule.spell(then.version),
        why=_why(seen, then, tag=tag.name if tag else "", back=back, commits=seen.commits, cut=(*cut, *cut_label)),
        spelled=spelled,
    )


def _why(seen: _Seen, then: Following, *, tag: str, back: int, commits: int, cut: tuple[str, ...] = ()) -> Why:  # noqa: PLR0913 - what came of it, by name
    branch = seen.checkout.branch
    return Why(
        tag=tag,
        back=back,
        commits=commits,
        rule=then.rule,
        rule_from=then.rule_from,
        next=str(then.version),
        branch=branch or "",
        branch_from=seen.checkout.branch_from if branch else "",
        cut=cut,
    )


def _spelled(text: str) -> Spelled:
    return Spelled(image_tag=image_tag(text), label=label_value(text), dns=dns_label(text))


# --- the story ------------------------------------------------------------------------------------------------------


def _fetched(checkout: Checkout) -> tuple[str, ...]:
    return (f"the history was completed from {checkout.fetched} first",) if checkout.fetched else ()


def _carries(seen: _Seen, name: str, back: int) -> str:
    if back == 0:
        return f"commit {seen.checkout.commit[:7]} carries tag {name}"
    return f"nothing of {_scope(seen.rules)} changed since tag {name}, {count(back, 'commit')} back"


def _where(seen: _Seen) -> str:
    rules, commits = seen.rules, seen.commits
    if seen.counted is None:
        whole = f"no version tag in the whole history of {count(seen.checkout.commits, 'commit')}"
        return f"{whole}, of which {commits} changed {_scope(rules)}" if rules.is_narrowed else whole
    tag, back = seen.counted
    if back == 0:
        return f"commit {seen.checkout.commit[:7]} carries tag {tag.name}"
    which = "highest" if seen.rule.is_highest else "nearest"
    where = f"the {which} tag is {tag.name}, {count(back, 'commit')} back"
    return f"{where}, of which {commits} changed {_scope(rules)}" if rules.is_narrowed else where


def _scope(rules: Versioning) -> str:
    """The paths of a project, in words."""
    what = ", ".join("this folder" if it == "." else it for it in rules.paths) or "the repository"
    return f"{what} without {', '.join(rules.exclude)}" if rules.exclude else what
