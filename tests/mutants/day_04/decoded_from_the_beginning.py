"""You decode the whole answer with every token. That is right, and its cost grows with the square of the length.

task: 4.2
caught-by: test_day_04.py::test_a_long_answer_is_not_decoded_from_its_beginning_each_time
"""


class AnswerText:
    def _new_text(self):
        # task 4.2 begin
        seen = self._decode(self._tokens[self._context :])
        whole = seen.rstrip(UNFINISHED)
        new = whole[self._taken :]
        self._taken = max(self._taken, len(whole))
        if whole == seen:  # all is whole: what was settled before is context enough for what comes
            self._settled = len(self._tokens)
            self._taken = len(self._decode(self._tokens[self._context : self._settled]))
        return new
        # task 4.2 end
