"""You took the shortest end of the text that may begin a stop string: a longer one may, too, and you have shown its
beginning.

task: 4.2
caught-by: test_day_04.py::test_only_the_dangerous_end_is_held_back
"""


class AnswerText:
    def _pending(self):
        # task 4.2 begin
        longest = max(map(len, self._stop), default=0)
        for length in range(1, min(longest, len(self.text) + 1)):
            if any(stop.startswith(self.text[-length:]) for stop in self._stop):
                return length
        return 0
        # task 4.2 end
