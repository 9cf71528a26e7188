"""What was held back stays hidden when it turns out harmless.

task: 4.2
caught-by: test_day_04.py::test_text_held_back_is_shown_when_it_turns_out_harmless
"""


class AnswerText:
    def _release(self, new, last=False):
        # task 4.2 begin
        begin = max(0, len(self.text) - max(map(len, self._stop), default=0) + 1)
        self.text += new
        found = [(at + len(stop), at) for stop in self._stop if (at := self.text.find(stop, begin)) >= 0]
        if found:
            self.text, self.stopped = self.text[: min(found)[1]], True
        safe = len(self.text) - (0 if last or self.stopped else self._pending())
        shown, self._shown = self._shown, max(self._shown, safe)
        return self.text[max(shown, len(self.text) - len(new)) : self._shown]
        # task 4.2 end
