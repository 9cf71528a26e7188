"""You held back the whole text of a token because its last character was not whole yet.

task: 4.2
caught-by: test_day_04.py::test_whole_characters_before_half_a_one_are_shown
"""


class AnswerText:
    def _new_text(self):
        # task 4.2 begin
        seen = self._decode(self._tokens[self._context :])
        whole = seen if not seen.endswith(UNFINISHED) else seen[:self._taken]
        new = whole[self._taken :]
        self._taken = max(self._taken, len(whole))
        if whole == seen:  # all is whole: what was settled before is context enough for what comes
            self._context, self._settled = self._settled, len(self._tokens)
            self._taken = len(self._decode(self._tokens[self._context : self._settled]))
        return new
        # task 4.2 end
