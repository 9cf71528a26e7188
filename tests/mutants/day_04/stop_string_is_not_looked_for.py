"""The text holds a stop string, and the answer goes on.

task: 4.2
caught-by: test_day_04.py::test_a_stop_string_ends_the_answer_before_it
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
        if len(self.tokens) == self.max_tokens:
            return text + self.finish(FinishReason.LENGTH)
        return text
        # task 4.2 end
