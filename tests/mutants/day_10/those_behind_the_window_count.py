"""You took the mean of all that wait. Only those in the window count.

task: 10.3
caught-by: test_day_10.py::test_those_behind_the_window_do_not_count
"""


class LengthBalanced:
    def first(self, running, step):
        # task 10.3 begin
        window = [request for _, _, request in self._waiting[: self.window]]
        if not window or self._passed >= self.patience:
            return self._oldest
        now = sum(length(request) for request in running)
        target = (now + sum(length(entry[2]) for entry in self._waiting)) / (len(running) + len(self._waiting))

        def distance(request: Request) -> float:
            return abs((now + length(request)) / (len(running) + 1) - target)

        return min(window, key=distance)  # of equal ones, min takes the first
        # task 10.3 end
