"""You decoded new tokens without those before them: a tokenizer that drops the first space of a text drops it in every
token.

task: 4.2
caught-by: test_day_04.py::test_a_tokenizer_that_eats_the_first_space_is_read_in_context
"""


class AnswerText:
    def _new_text(self):
        # task 4.2 begin
        seen = self._decode(self._tokens[self._context :])
        whole = seen.rstrip(UNFINISHED)
        new = whole[self._taken :]
        self._taken = max(self._taken, len(whole))
        if whole == seen:  # all is whole: what was settled before is context enough for what comes
            self._context = self._settled = len(self._tokens)
            self._taken = len(self._decode(self._tokens[self._context : self._settled]))
        return new
        # task 4.2 end
