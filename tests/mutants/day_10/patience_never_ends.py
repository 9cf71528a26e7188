"""You passed the oldest over forever.

task: 10.3
caught-by: test_day_10.py::test_the_oldest_is_passed_over_a_few_times_only
"""


class LengthBalanced:
    def first(self, running, step):
        # task 10.3 begin
        window = [request for _, _, request in self._waiting[: self.window]]
        if not window:
            return self._oldest
        now = sum(length(request) for request in running)
        target = (now + sum(length(request) for request in window)) / (len(running) + len(window))

        def distance(request: Request) -> float:
            return abs((now + length(request)) / (len(running) + 1) - target)

        return min(window, key=distance)  # of equal ones, min takes the first
        # task 10.3 end
