"""`paasctl image`."""

from __future__ import annotations

from paasctl.cli.images.copy import copy
from paasctl.cli.images.diff import diff
from paasctl.cli.images.inspect import inspect
from paasctl.cli.images.rebase import rebase
from paasctl.cli.images.squash import squash
from paasctl.cli.images.verify import verify
from paasctl.cli.options import several

app = several("image", squash, copy, rebase, inspect, diff, verify)
