"""Day 13: what carries out a plan with guesses: one forward pass checks all of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import mlx.core as mx

from .acceptance import Acceptance, match
from .block_store import CachingRunner
from .paged_runner import PagedRunner
from .plan import Work
from .runner import MlxRunner


class SpeculativeRunner(MlxRunner):
    """Runs the plans of a SpeculativeScheduler."""

    def __init__(self, *args: Any, acceptance: Acceptance = match, **options: Any) -> None:
        """acceptance: says which guesses are right. The rest: what the runner below takes."""
        super().__init__(*args, **options)
        self.acceptance = acceptance

    def choose(self, logits: mx.array, wanting: Sequence[Work]) -> Mapping[str, Sequence[int]]:
        """See MlxRunner.choose: the tokens of guesses that are right, and one more."""
        found = self.acceptance(logits, wanting)
        return {work.request_id: tokens for work, tokens in zip(wanting, found, strict=True)}


class SpeculativeCachingRunner(SpeculativeRunner, CachingRunner):
    """Runs the plans of a SpeculativeCachingScheduler."""


class SpeculativePagedRunner(SpeculativeRunner, PagedRunner):
    """Runs the plans of a SpeculativePagedScheduler."""
