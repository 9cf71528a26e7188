"""You took no guess for the worst choice. It is a choice too, and often the fastest.

task: 13.7
caught-by: test_day_13.py::test_where_a_guess_costs_a_token_it_is_turned_off[0.0-16]
"""


class MeasuredGuesses:
    def _best(self, requests, spare):
        # task 13.7 begin
        rows, chances = len(requests), [self._acceptance(request.id) for request in requests]
        counts, tokens = [0] * rows, float(rows)
        best, fastest = list(counts), 0.0
        ahead = [(-chance, place) for place, chance in enumerate(chances)]
        heapify(ahead)
        tried = 2 * max(rows, self.guessing.largest) - rows
        for guesses in range(1, min(spare, rows * self.most, tried) + 1):
            unlikely, place = ahead[0]
            counts[place] += 1
            tokens -= self._made * unlikely
            following = unlikely * chances[place] if counts[place] < self.most else inf
            heapreplace(ahead, (following, place))
            speed = tokens / self.seconds(rows, self._made * guesses)
            if speed > fastest:
                best, fastest = list(counts), speed
        return best
        # task 13.7 end
