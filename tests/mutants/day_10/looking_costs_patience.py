"""You counted looks instead of admissions.

task: 10.3
caught-by: test_day_10.py::test_looking_at_the_balanced_queue_changes_nothing
"""


class LengthBalanced:
    def first(self, running, step):
        # task 10.3 begin
        window = [request for _, _, request in self._waiting[: self.window]]
        if not window or self._passed >= self.patience:
            return self._oldest
        now = sum(length(request) for request in running)
        target = (now + sum(length(request) for request in window)) / (len(running) + len(window))

        def distance(request: Request) -> float:
            return abs((now + length(request)) / (len(running) + 1) - target)

        self._passed += 1
        return min(window, key=distance)  # of equal ones, min takes the first
        # task 10.3 end
