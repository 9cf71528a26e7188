"""Of two stop strings that are complete with the same character you took the first in the list, and not the one that began first.

task: 4.2
caught-by: test_day_04.py::test_of_two_that_end_together_the_one_that_began_first_counts[shorter-first]
"""


class AnswerText:
    def _release(self, new, last):
        # task 4.2 begin
        begin = max(0, len(self.text) - max(map(len, self._stop), default=0) + 1)
        self.text += new
        found = [(at + len(stop), at) for stop in self._stop if (at := self.text.find(stop, begin)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(found, key=lambda pair: pair[0])[1]], True
        safe = len(self.text) - (0 if last or self.stopped else self._pending())
        shown, self._shown = self._shown, max(self._shown, safe)
        return self.text[shown : self._shown]
        # task 4.2 end
