"""You paid only for the guesses that are made, but counted tokens for all that are allotted.

task: 13.7
caught-by: test_day_13.py::test_where_little_is_suggested_nothing_is_lost[32-0.2]
"""


class MeasuredGuesses:
    def _best(self, requests, spare):
        # task 13.7 begin
        rows, chances = len(requests), [self._acceptance(request.id) for request in requests]
        counts, tokens = [0] * rows, float(rows)
        best, fastest = list(counts), rows / self.seconds(rows, 0) if rows else 0.0
        ahead = [(-chance, place) for place, chance in enumerate(chances)]
        heapify(ahead)
        tried = 2 * max(rows, self.guessing.largest) - rows
        for guesses in range(1, min(spare, rows * self.most, tried) + 1):
            unlikely, place = ahead[0]
            counts[place] += 1
            tokens -= unlikely
            following = unlikely * chances[place] if counts[place] < self.most else inf
            heapreplace(ahead, (following, place))
            speed = tokens / self.seconds(rows, self._made * guesses)
            if speed > fastest:
                best, fastest = list(counts), speed
        return best
        # task 13.7 end
