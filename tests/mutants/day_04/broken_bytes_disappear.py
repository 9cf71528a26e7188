"""You removed the replacement character wherever it stood. Bytes that never become a character are part of the text.

task: 4.2
caught-by: test_day_04.py::test_bytes_that_are_no_character_stay_in_their_place
"""


class AnswerText:
    def _new_text(self):
        # task 4.2 begin
        seen = self._decode(self._tokens[self._context :])
        whole = seen.replace(UNFINISHED, "")
        new = whole[self._taken :]
        self._taken = max(self._taken, len(whole))
        if whole == seen:  # all is whole: what was settled before is context enough for what comes
            self._context, self._settled = self._settled, len(self._tokens)
            self._taken = len(self._decode(self._tokens[self._context : self._settled]))
        return new
        # task 4.2 end
