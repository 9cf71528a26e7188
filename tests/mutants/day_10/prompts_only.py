"""You took the prompt for the length, and forgot the answer so far.

task: 10.3
caught-by: test_day_10.py::test_an_answer_counts_as_length
"""


class LengthBalanced:
    def first(self, running, step):
        # task 10.3 begin
        window = [request for _, _, request in self._waiting[: self.window]]
        if not window or self._passed >= self.patience:
            return self._oldest
        now = sum(len(request.prompt) for request in running)
        target = (now + sum(length(request) for request in window)) / (len(running) + len(window))

        def distance(request: Request) -> float:
            return abs((now + length(request)) / (len(running) + 1) - target)

        return min(window, key=distance)  # of equal ones, min takes the first
        # task 10.3 end
