"""The same life with the times in one pass, the text released by another search, and Gumbel noise for the draws."""


def successors(state):
    # task 4.1 begin
    names = {"waiting": "prefilling finished", "prefilling": "decoding waiting finished", "decoding": "finished waiting"}
    return frozenset(map(RequestState, names.get(state.value, "").split()))
    # task 4.1 end


class AnswerText:
    def _release(self, new, last=False):
        # task 4.2 begin
        for character in new:
            if self.stopped:
                break
            self.text += character
            ended = [stop for stop in self._stop if self.text.endswith(stop)]
            if ended:
                self.text, self.stopped = self.text.removesuffix(max(ended, key=len)), True
        hold = 0 if last or self.stopped else self._pending()
        out = self.text[self._shown : max(self._shown, len(self.text) - hold)]
        self._shown += len(out)
        return out
        # task 4.2 end

    def _pending(self):
        # task 4.2 begin
        return max((n for stop in self._stop for n in range(1, len(stop)) if self.text.endswith(stop[:n])), default=0)
        # task 4.2 end


def sample_batch(logits, params, positions):
    # task 4.4 begin
    rows = []
    for row, (own, position) in enumerate(zip(params, positions)):
        scores = np.array(logits[row].astype(mx.float32))
        if own.greedy:
            rows.append(int(np.argmax(scores)))
            continue
        scores = scores / own.temperature
        order = np.argsort(-scores, kind="stable")[: own.top_k or None]
        shares = np.exp(scores[order] - scores[order[0]])
        shares /= shares.sum()
        keep = max(1, int(np.sum(np.cumsum(shares) - shares < own.top_p)))
        rng = np.random.default_rng([own.seed, position, 77])
        noise = -np.log(-np.log(rng.random(logits.shape[1]) + 1e-12))
        admitted = np.flatnonzero(scores >= scores[order[keep - 1]])
        rows.append(int(admitted[np.argmax(scores[admitted] + noise[admitted])]))
    return mx.array(rows, dtype=mx.int32)
    # task 4.4 end


def _lowest_admitted(scaled, params):
    # task 4.4 begin
    return scaled
    # task 4.4 end
