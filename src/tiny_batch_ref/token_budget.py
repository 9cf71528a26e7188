"""Day 9: how many tokens a step may have, so that steps last as long as was promised."""

from __future__ import annotations


class TokenBudget:
    """The number of tokens of a step, which follows a target for the gap between two tokens.

    Dynamic SplitFuse (Holmes et al., 2024, "DeepSpeed-FastGen", section 3.3) keeps the number constant; a target in
    seconds means the same on every machine, and at every length of context.
    """

    def __init__(self, target_gap: float, low: int, high: int) -> None:
        """target_gap: seconds that a step should last. The budget starts at `low` and stays from there to `high`.

        Raises ValueError unless target_gap is above 0 and 1 ≤ low ≤ high.
        """
        if not target_gap > 0 or not 1 <= low <= high:
            raise ValueError(f"target_gap {target_gap}, from {low} to {high}: give seconds above 0, and 1 ≤ low ≤ high")
        self.target_gap, self.low, self.high = target_gap, low, high
        self.tokens = low

    def observe(self, tokens: int, seconds: float) -> None:
        """Learn from a step of `tokens` tokens that lasted `seconds`.

        The next budget is what would fill the target at this step's speed, rounded down, but at most twice the present
        one, and from `low` to `high`. A step below the budget that kept the target says nothing: it was short because
        there was little to do. One that took more than the target always counts, and one that took no time at all is as
        quick as can be.
        """
        # task 9.4 begin
        if tokens < self.tokens and seconds <= self.target_gap:
            return
        filling = int(tokens * self.target_gap / seconds) if seconds > 0 else self.high
        self.tokens = max(self.low, min(filling, 2 * self.tokens, self.high))
        # task 9.4 end
