"""You compared the stop string with the end of the text only. A token can hold it in its middle.

task: 4.2
caught-by: test_day_04.py::test_a_stop_string_within_a_token_is_found
"""


class AnswerText:
    def _release(self, new, last=False):
        # task 4.2 begin
        self.text += new
        found = [stop for stop in self._stop if self.text.endswith(stop)]
        if found:
            self.text, self.stopped = self.text[: -len(max(found, key=len))], True
        safe = len(self.text) - (0 if last or self.stopped else self._pending())
        shown, self._shown = self._shown, max(self._shown, safe)
        return self.text[shown : self._shown]
        # task 4.2 end
