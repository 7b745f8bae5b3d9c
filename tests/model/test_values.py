"""Our frozen dataclasses are the standard library's, to anyone who looks: compared with it, case by case."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from paasctl import values
from paasctl.values import dataclass


@dataclass(frozen=True, slots=True)
class Ours:
    """As below."""

    kind: ClassVar[str] = "k"
    a: int
    b: str = "b"
    c: list[int] = dataclasses.field(default_factory=list, hash=False)
    d: str = dataclasses.field(default="d", repr=False, compare=False)

    def twice(self) -> int:
        return self.a * 2


@dataclass(frozen=True, slots=True)
class Warm:
    """As above; so many are made of it that it gets an `__init__` of its own."""

    kind: ClassVar[str] = "k"
    a: int
    b: str = "b"
    c: list[int] = dataclasses.field(default_factory=list, hash=False)
    d: str = dataclasses.field(default="d", repr=False, compare=False)

    def twice(self) -> int:
        return self.a * 2


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """As above."""

    kind: ClassVar[str] = "k"
    a: int
    b: str = "b"
    c: list[int] = dataclasses.field(default_factory=list, hash=False)
    d: str = dataclasses.field(default="d", repr=False, compare=False)

    def twice(self) -> int:
        return self.a * 2


@dataclass(frozen=True, order=True, slots=True)
class Rank:
    """Ordered, checked after it is made."""

    major: int
    minor: int = 0

    def __post_init__(self) -> None:
        if self.major < 0:
            raise ValueError("below zero")


def _match(it: Any) -> Any:
    match it:
        case Ours(a, b) | Warm(a, b) | Theirs(a, b):
            return a, b
        case _:
            return None


CASES: dict[str, Callable[[Any], Any]] = {
    "all defaults": lambda of: repr(of(1)),
    "by name and by place": lambda of: repr(of(1, b="x", c=[2])),
    "nothing given": lambda of: of(),
    "too many": lambda of: of(1, "b", [], "d", "e"),
    "twice the same": lambda of: of(1, a=2),
    "an unknown one": lambda of: of(1, z=2),
    "equal": lambda of: (of(1) == of(1), of(1) == of(2), of(1) == 1, of(1, d="x") == of(1)),
    "a hash": lambda of: hash(of(1, c=[1])) == hash(of(1, c=[2])),
    "lists are not shared": lambda of: of(1).c is of(1).c,
    "frozen": lambda of: setattr(of(1), "a", 2),
    "not to be deleted": lambda of: delattr(of(1), "a"),
    "slots": lambda of: hasattr(of(1), "__dict__"),
    "replaced": lambda of: repr(dataclasses.replace(of(1, "x"), a=3)),
    "fields": lambda of: [it.name for it in dataclasses.fields(of)],
    "a mapping": lambda of: dataclasses.asdict(of(1)),
    "is one": lambda of: (dataclasses.is_dataclass(of), of.kind, of(2).twice()),
    "a pattern": lambda of: _match(of(1, "x")),
    "copied": lambda of: repr(copy.deepcopy(of(1, c=[1]))),
    "pickled": lambda of: repr(pickle.loads(pickle.dumps(of(1, c=[1])))),
}


def _init_of(of: type) -> str:
    return str(of.__dict__["__init__"].__code__.co_filename)


@pytest.fixture
def ours(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> type:
    """The class before so many were made, and after."""
    if request.param == "warm":
        for number in range(values._HOT):
            Warm(number)
        assert _init_of(Warm) == "<string>"
        return Warm
    monkeypatch.setattr(values, "_HOT", -1)
    assert _init_of(Ours) != "<string>"
    return Ours


@pytest.mark.parametrize("ours", ["cold", "warm"], indirect=True)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_it_behaves_as_the_standard_one(case: Callable[[Any], Any], ours: type) -> None:
    def tried(of: Any) -> Any:
        try:
            found = case(of)
        except (TypeError, AttributeError) as error:
            return type(error)
        return found.replace(of.__qualname__, "") if isinstance(found, str) else found

    assert tried(ours) == tried(Theirs)


def test_a_warm_class_still_checks_orders_and_takes_names_alone() -> None:
    @dataclass(frozen=True, order=True, slots=True, kw_only=True)
    class Step:
        major: int = 1
        minor: int

        def __post_init__(self) -> None:
            if self.major < 0:
                raise ValueError("below zero")

    made = [Step(minor=number) for number in range(values._HOT + 5)]
    assert _init_of(Step) == "<string>"
    assert sorted((made[3], made[1], made[2])) == made[1:4]
    assert (Step(minor=2).major, Step(minor=3, major=4).major) == (1, 4)
    with pytest.raises(ValueError, match="below zero"):
        Step(major=-1, minor=0)
    with pytest.raises(TypeError):
        Step(1, 2)  # type: ignore[call-arg]


def test_a_class_whose_arguments_no_text_can_say_stays_as_it_is() -> None:
    @dataclass(frozen=True, slots=True)
    class Odd:
        a: int = 1
        b: int  # type: ignore[misc] # the standard library would not take it

    assert [Odd(b=number).b for number in range(values._HOT + 5)] == list(range(values._HOT + 5))
    assert _init_of(Odd) != "<string>"


def test_order_and_checks() -> None:
    assert sorted([Rank(2), Rank(1, 5), Rank(1)]) == [Rank(1), Rank(1, 5), Rank(2)]
    assert Rank(1) <= Rank(1)
    assert Rank(2) > Rank(1, 9)
    with pytest.raises(ValueError, match="below zero"):
        Rank(-1)


def test_defining_a_class_compiles_nothing() -> None:
    """`exec` of generated source is what made start-up slow."""
    script = (
        "import builtins, sys\n"
        "ran = []\n"
        "def spy(event, args):\n"
        "    if event == 'compile' and args[0] is not None: ran.append(args[0])\n"
        "from paasctl.values import dataclass\n"
        "sys.addaudithook(spy)\n"
        "@dataclass(frozen=True, slots=True, kw_only=True)\n"
        "class A:\n"
        "    a: 'int'\n"
        "    b: 'int' = 1\n"
        "assert A(a=1).b == 1\n"
        "assert ran == [], ran\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
