"""You showed the replacement character for half a character: it can't be taken back when the rest comes.

task: 4.2
caught-by: test_day_04.py::test_half_a_character_is_never_shown
"""


class AnswerText:
    def _new_text(self):
        # task 4.2 begin
        seen = self._decode(self._tokens[self._context :])
        whole = seen
        new = whole[self._taken :]
        self._taken = max(self._taken, len(whole))
        if whole == seen:  # all is whole: what was settled before is context enough for what comes
            self._context, self._settled = self._settled, len(self._tokens)
            self._taken = len(self._decode(self._tokens[self._context : self._settled]))
        return new
        # task 4.2 end
