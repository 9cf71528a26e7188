"""The same with arrays: guesses compared at once, the rejected place found by argmax, prices by interpolation."""


def match(logits, works):
    # task 13.3 begin
    rows = [(work, place) for work in works for place in range(work.wanted)]
    positions = [work.start + len(work.tokens) - work.wanted + 1 + place for work, place in rows]
    chosen = sample_batch(logits, [work.sampling for work, _ in rows], positions).tolist()
    found, at = [], 0
    for work in works:
        mine, at = chosen[at : at + work.wanted], at + work.wanted
        wrong = [place for place, guess in enumerate(guesses_of(work)) if guess != mine[place]]
        found.append(mine[: wrong[0] + 1] if wrong else mine)
    return found
    # task 13.3 end


def residual(target, draft):
    # task 13.4 begin
    common = np.minimum(target, draft)
    refused = (target - common).sum()
    return (target - common) / refused if refused > 0 else target
    # task 13.4 end


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    each = np.arange(len(guesses))
    wanted, said = target[each, list(guesses)], draft[each, list(guesses)]
    numbers = np.array([accepting for accepting, _ in draws[: len(guesses)]])
    refused = numbers * said >= wanted
    if refused.any():
        place = int(refused.argmax())
        last = draw(residual(target[place], draft[place]), draws[place][1])
    else:
        place = len(guesses)
        last = draw(target[place], draws[place][1])
    return [*list(guesses)[:place], last]
    # task 13.4 end


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    total = 1.0
    for _ in range(guesses):
        total = 1.0 + acceptance * total
    return total
    # task 13.6 end


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        import numpy as np

        if not self._sizes:
            return 0.0
        return float(np.interp(tokens, self._sizes, [self._median(size) for size in self._sizes]))
        # task 13.7 end
