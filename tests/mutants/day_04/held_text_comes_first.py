"""You put the text that was held back before the new text. It comes after it.

task: 4.2
caught-by: test_day_04.py::test_what_was_held_comes_after_what_is_new
"""


class Request:
    def append_token(self, token):
        # task 4.2 begin
        if self.state is not RequestState.DECODING:
            raise IllegalTransition(f"request {self.id} is {self.state.value}: only a decoding request gets tokens")
        if token in self.eos_token_ids:
            return self.finish(FinishReason.EOS)
        self.tokens.append(token)
        self.token_times.append(self._clock.now())
        text = self._answer.add(token)
        if self._answer.error is not None:
            return text + self.finish(FinishReason.ERROR, self._answer.error)
        if self._answer.stopped:
            return text + self.finish(FinishReason.STOP)
        if len(self.tokens) == self.max_tokens:
            return self.finish(FinishReason.LENGTH) + text
        return text
        # task 4.2 end
