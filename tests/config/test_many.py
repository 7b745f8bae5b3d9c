"""Thousands of entries: the time grows with their number, not with its square; lists in messages stay short."""

from __future__ import annotations

import time

import pytest

from config.reading import MINIMAL, config_of
from paasctl.errors import ConfigError

_HEAD = MINIMAL.replace("  web: {image: {context: .}, port: 8080}\n", "{services}")


def test_thousands_of_services() -> None:
    services = "".join(f"  s{at}: {{image: {{context: .}}, port: 8080}}\n" for at in range(2000))
    began = time.process_time()
    assert len(config_of(_HEAD.replace("{services}", services)).images) == 2000
    assert time.process_time() - began < 5, "every service was compared with every other"


def test_thousands_of_wrong_names() -> None:
    right = "".join(f"  service{at}: {{image: {{context: .}}}}\n" for at in range(600))
    wrong = "".join(f"  serv{at}: {{image: sprvice{at}}}\n" for at in range(600))
    began = time.process_time()
    with pytest.raises(ConfigError) as caught:
        config_of(_HEAD.replace("{services}", right + wrong))
    assert time.process_time() - began < 8, "every wrong name was compared with every known one"
    messages = [it.message for it in caught.value.problems]
    assert len(messages) == 600
    assert messages[0].endswith('(did you mean "service0"?)')
    assert messages[-1].endswith("service19 and 580 more)")
