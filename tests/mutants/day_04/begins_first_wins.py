"""You took the stop string that begins first, and not the one that is complete first: with other token borders the answer
would be different.

task: 4.2
caught-by: test_day_04.py::test_the_stop_string_that_is_complete_first_counts
"""


class AnswerText:
    def _release(self, new, last=False):
        # task 4.2 begin
        begin = max(0, len(self.text) - max(map(len, self._stop), default=0) + 1)
        self.text += new
        found = [(at + len(stop), at) for stop in self._stop if (at := self.text.find(stop, begin)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(at for _, at in found)], True
        safe = len(self.text) - (0 if last or self.stopped else self._pending())
        shown, self._shown = self._shown, max(self._shown, safe)
        return self.text[shown : self._shown]
        # task 4.2 end
