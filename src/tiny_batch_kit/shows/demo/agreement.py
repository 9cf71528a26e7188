"""Did all ways say the same? And if not, was it rounding or a mistake?"""

from collections.abc import Sequence
from dataclasses import dataclass

from tiny_batch_kit.model import oracle
from tiny_batch_kit.model.checkpoints import Checkpoint
from tiny_batch_kit.serving.run import Served
from tiny_batch_kit.serving.trace import Asked


@dataclass(frozen=True)
class Difference:
    """One request whose two answers part at token number `at` (from 1).

    `gap` is how far apart the two best candidates' logits were there. `mistake` is None when that is within rounding,
    else a sentence.
    """

    request: str
    at: int
    gap: float | None
    mistake: str | None


def differences(checkpoint: Checkpoint, asked: Sequence[Asked], one: Served, other: Served) -> list[Difference]:
    """Return the requests whose answers differ, each held against serving it alone once more."""
    found = []
    for request, first, second in zip(asked, one.tokens, other.tokens, strict=True):
        if first != second:
            found.append(_explain(checkpoint, request, first, second))
    return found


def sentences(asked: Sequence[Asked], found: Sequence[Difference], ways: int = 2) -> list[str]:
    """Return what to tell the reader about the differences between so many ways, or that there are none."""
    every = "both ways" if ways == 2 else f"all {ways} ways"
    if not found:
        return [f"{every.capitalize()} gave the same {len(asked)} answers, token for token."]
    first = {one.request: one for one in sorted(found, key=lambda one: -one.at)}  # where each parts at the earliest
    same = len(asked) - len(first)
    lines = [f"{same} of {len(asked)} answers are the same {every}, token for token."]
    rounding = [one for one in first.values() if one.mistake is None]
    if rounding:
        where = ", ".join(f"{one.request} (from token {one.at}{_gap(one)})" for one in rounding)
        lines.append(
            f"Rounding parted {where}. A fast matrix library adds up in another order for one row than for many, and "
            "there the two best next tokens were too close to call. Either answer is what the model says."
        )
    lines += [
        f"Request {one.request} differs by more than rounding can explain: {one.mistake}"
        for one in found
        if one.mistake
    ]
    return lines


def _explain(checkpoint: Checkpoint, request: Asked, first: list[int], second: list[int]) -> Difference:
    at = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second)))
    alone = oracle.serve_alone(checkpoint.model, request.ids, request.limit, checkpoint.eos_token_id)
    gap = alone.gaps[at] if at < len(alone.gaps) else None
    return Difference(request.id, at + 1, gap, oracle.agrees(first, alone) or oracle.agrees(second, alone))


def _gap(one: Difference) -> str:
    return "" if one.gap is None else f", {one.gap:.2g} apart"
