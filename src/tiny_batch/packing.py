"""Day 9: a step's tokens in one row, without padding."""

from __future__ import annotations

from dataclasses import dataclass

import mlx.core as mx

from .plan import StepPlan, Work


@dataclass(frozen=True)
class Packed:
    """A step as the model gets it: T tokens in one row, those of one request next to each other.

    tokens, positions, slots: (T,) int32; a position counts from the start of the token's own request.
    rows: the work of one token each, in order of slots; they stand first in the row. segments: the work of more, after
    them, in the plan's order. firsts: where in the row each segment begins.
    wanted: (W,) int32, the places in the row whose logits are wanted, in order.
    """

    tokens: mx.array
    positions: mx.array
    slots: mx.array
    rows: tuple[Work, ...]
    segments: tuple[Work, ...]
    firsts: tuple[int, ...]
    wanted: mx.array


def pack(plan: StepPlan) -> Packed:
    """Lay a plan's tokens end to end, without pads. Raises ValueError if there is nothing to pack."""
    if not plan.work:
        raise ValueError("the plan is empty: there is nothing to run")
    raise NotImplementedError("Task 9.2: pack: see book/src/day-09.md")
