"""You always hold back as many characters as the longest stop string has, even where they can't begin one.

task: 4.2
caught-by: test_day_04.py::test_text_held_back_is_shown_when_it_turns_out_harmless
"""


class AnswerText:
    def _pending(self):
        # task 4.2 begin
        return min(len(self.text), max(map(len, self._stop), default=1) - 1)
        # task 4.2 end
