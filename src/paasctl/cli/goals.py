"""Which verb a promotion is: to one goal or to several, and on into an environment or not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from paasctl.errors import UsageError
from paasctl.verbs.promotion.promote import Promote, PromoteTyped


@dataclass(frozen=True)
class Promotion:
    """What was typed; a call makes the verb of it, or refuses it."""

    typed: PromoteTyped
    goals: tuple[str, ...]
    deploys: bool
    clusters: tuple[str, ...]
    sets: tuple[str, ...]
    timeout: Callable[[], float]

    def __call__(self) -> Any:
        """The verb; of several goals a journey."""
        if self.clusters and not self.deploys:
            raise UsageError("--cluster says where to deploy: it needs --deploy", hint="add --deploy")
        if len(self.goals) == 1:
            return self._onward(self.typed) if self.deploys else Promote(asked=self.typed)
        from paasctl.verbs.promotion.along import Along

        onward = self._onward if self.deploys else None
        return Along(asked=self.typed, to=self.goals, onward=onward, clusters=self.clusters)

    def _onward(self, asked: PromoteTyped) -> Any:
        from paasctl.verbs.promotion.onward import Onward  # whoever only promotes pays for no deploy

        return Onward(asked=asked, clusters=self.clusters, sets=self.sets, timeout=self.timeout())
