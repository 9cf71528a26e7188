"""EOS took a place among the tokens that `max_tokens` allows: the answer ended with the limit and not with EOS.

task: 4.2
caught-by: test_day_04.py::test_eos_after_the_last_allowed_token_is_not_asked_for
"""


class Request:
    def append_token(self, token):
        # task 4.2 begin
        if self.state is not RequestState.DECODING:
            raise IllegalTransition(f"request {self.id} is {self.state.value}: only a decoding request gets tokens")
        if len(self.tokens) + 1 == self.max_tokens and token in self.eos_token_ids:
            return self.finish(FinishReason.LENGTH)
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
            return text + self.finish(FinishReason.LENGTH)
        return text
        # task 4.2 end
