"""You looked for a request like the running ones: long ones attract long ones.

task: 10.3
caught-by: test_day_10.py::test_a_short_one_beside_long_ones
"""


class LengthBalanced:
    def first(self, running, step):
        # task 10.3 begin
        window = [request for _, _, request in self._waiting[: self.window]]
        if not window or self._passed >= self.patience:
            return self._oldest
        now = sum(length(request) for request in running)
        target = now / len(running) if running else 0

        def distance(request: Request) -> float:
            return abs((now + length(request)) / (len(running) + 1) - target)

        return min(window, key=distance)  # of equal ones, min takes the first
        # task 10.3 end
