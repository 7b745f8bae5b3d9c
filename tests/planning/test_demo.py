"""What the demo says at its end."""

from __future__ import annotations

import shlex

from paasctl.planning.demo import what_next


def test_a_folder_with_an_odd_name_can_be_gone_to() -> None:
    first, *_ = what_next("/tmp/t m'p/demo", kept=True, parts=())
    assert shlex.split(first) == ["cd", "/tmp/t m'p/demo/project"]
