"""The same, otherwise: one row of logits after the other, sums by formula, all choices sorted in place of a heap."""


def match(logits, works):
    # task 13.3 begin
    found, row = [], 0
    for work in works:
        guesses = work.tokens[len(work.tokens) - work.wanted + 1 :]
        first = work.start + len(work.tokens) - len(guesses)
        tokens: list[int] = []
        for place in range(work.wanted):
            one = logits[row + place : row + place + 1]
            tokens.append(int(sample_batch(one, [work.sampling], [first + place]).item()))
            if place < len(guesses) and tokens[-1] != guesses[place]:
                break
        row += work.wanted
        found.append(tokens)
    return found
    # task 13.3 end


def residual(target, draft):
    # task 13.4 begin
    left = np.where(target > draft, target - draft, 0.0)
    return left / left.sum() if left.any() else target.copy()
    # task 13.4 end


def accept(target, draft, guesses, draws):
    # task 13.4 begin
    tokens: list[int] = []
    for place, (accepting, choosing) in enumerate(draws):
        if place == len(guesses):
            tokens.append(draw(target[place], choosing))
        elif accepting < target[place, guesses[place]] / draft[place, guesses[place]]:
            tokens.append(guesses[place])
            continue
        else:
            tokens.append(draw(residual(target[place], draft[place]), choosing))
        break
    return tokens
    # task 13.4 end


def expected_tokens(acceptance, guesses):
    # task 13.6 begin
    if acceptance == 1:
        return 1.0 + guesses
    return (1 - acceptance ** (guesses + 1)) / (1 - acceptance)
    # task 13.6 end


def verify_seconds(shape, hardware, batch, context, guesses):
    # task 13.6 begin
    from .roofline import decode_step_cost

    one = decode_step_cost(shape, hardware, batch, context)
    return max(one.flops * (guesses + 1) / hardware.flops, one.bytes / hardware.bandwidth)
    # task 13.6 end


def best_guesses(shape, hardware, batch, context, acceptance, *, most=16, draft_seconds=0.0):
    # task 13.6 begin
    best, fastest = 0, 0.0
    for guesses in range(most + 1):
        seconds = verify_seconds(shape, hardware, batch, context, guesses) + draft_seconds * guesses
        if expected_tokens(acceptance, guesses) / seconds > fastest:
            best, fastest = guesses, expected_tokens(acceptance, guesses) / seconds
    return best
    # task 13.6 end


class StepPrices:
    def of(self, tokens):
        # task 13.7 begin
        known = sorted(self._seen.items())
        if not known:
            return 0.0
        below = [(size, seconds) for size, seconds in known if size <= tokens] or known[:1]
        beyond = [(size, seconds) for size, seconds in known if size >= tokens] or known[-1:]
        (low, cheap), (high, dear) = below[-1], beyond[0]
        slope = (median(dear) - median(cheap)) / (high - low) if high > low else 0.0
        return median(cheap) + slope * (tokens - low)
        # task 13.7 end


class Record:
    def judge(self, guesses, right):
        # task 13.7 begin
        looked_at = right if right == guesses else right + 1
        self._right, self._tried = self._right * FORGET + right, self._tried * FORGET + looked_at
        # task 13.7 end


class MeasuredGuesses:
    def _best(self, requests, spare):
        # task 13.7 begin
        rows, ways = len(requests), []
        for place, request in enumerate(requests):
            chance = self._acceptance(request.id)
            ways += [(-(chance**guess), place) for guess in range(1, self.most + 1)]
        ways.sort()
        most = min(spare, len(ways), 2 * max(rows, self.guessing.largest) - rows)
        tokens, speeds = float(rows), [rows / self.seconds(rows, 0) if rows else 0.0]
        for guesses in range(1, most + 1):
            tokens -= self._made * ways[guesses - 1][0]
            speeds.append(tokens / self.seconds(rows, guesses * self._made))
        chosen = ways[: speeds.index(max(speeds))]
        return [sum(place == row for _, place in chosen) for row in range(rows)]
        # task 13.7 end

    def seconds(self, rows, guesses):
        # task 13.7 begin
        if guesses == 0:
            return self.plain.of(rows)
        return sorted([self.plain.of(rows), self.guessing.of(rows + guesses)])[1]
        # task 13.7 end

    def stepped(self, plan):
        # task 13.7 begin
        lasted = self._clock.now() - self._began
        if any(len(work.tokens) > work.wanted for work in plan.work):
            return
        guessed = any(work.wanted > 1 for work in plan.work)
        prices = self.guessing if guessed else self.plain
        prices.observe(sum(len(work.tokens) for work in plan.work), lasted)
        # task 13.7 end
