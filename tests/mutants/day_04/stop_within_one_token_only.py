"""You looked for the stop string only in the new text: it can span tokens.

task: 4.2
caught-by: test_day_04.py::test_a_stop_string_across_tokens_is_found
"""


class AnswerText:
    def _release(self, new, last=False):
        # task 4.2 begin
        begin = len(self.text)
        self.text += new
        found = [(at + len(stop), at) for stop in self._stop if (at := self.text.find(stop, begin)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(found)[1]], True
        safe = len(self.text) - (0 if last or self.stopped else self._pending())
        shown, self._shown = self._shown, max(self._shown, safe)
        return self.text[shown : self._shown]
        # task 4.2 end
