"""What batches are made of, step by step, as a picture."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

PARTS = ("prefill", "decode", "guesses", "waste")
LABELS = ("prompts, read for the first time", "decoding", "guesses that were kept", "computed for nothing")
COLOURS = ("#56b4e9", "#0072b2", "#009e73", "#d55e00")
MOST = 160
"""Columns of a picture: with more steps than that, neighbours share one."""


def columns(parts: Sequence[Sequence[int]], most: int = MOST) -> np.ndarray:
    """Tokens a step by what they were for, (4, columns): the mean of each column's steps.

    parts: (prefill, decode, guesses, waste) of each step, such as `compose` gives. Nothing from no steps.
    """
    if not parts:
        return np.zeros((len(PARTS), 0))
    table = np.array([tuple(step) for step in parts], dtype=float).T
    edges = np.linspace(0, table.shape[1], min(most, table.shape[1]) + 1).astype(int)
    return np.stack([table[:, low:high].mean(axis=1) for low, high in pairwise(edges)], axis=1)


def draw(axes: Any, parts: Sequence[Sequence[int]], budget: int, title: str) -> None:
    """Draw the tokens of each step as a stack, under a line for the budget."""
    table = columns(parts)
    places = np.linspace(0, len(parts), table.shape[1]) if len(parts) else np.zeros(0)
    axes.stackplot(places, table, labels=LABELS, colors=COLOURS, step="post")
    axes.axhline(budget, linestyle="--", linewidth=1.2, color="#d55e00", label="budget")
    axes.set(title=title, xlabel="step", ylabel="tokens", ylim=(0, 1.1 * budget), xlim=(0, max(1, len(parts))))
