"""You kept EOS as a token of the answer. It is a message to you, not to the reader.

task: 4.2
caught-by: test_day_04.py::test_eos_ends_the_answer_and_is_no_part_of_it
"""


class Request:
    def append_token(self, token):
        # task 4.2 begin
        if self.state is not RequestState.DECODING:
            raise IllegalTransition(f"request {self.id} is {self.state.value}: only a decoding request gets tokens")
        self.tokens.append(token)
        self.token_times.append(self._clock.now())
        if token in self.eos_token_ids:
            return self.finish(FinishReason.EOS)
        text = self._answer.add(token)
        if self._answer.error is not None:
            return text + self.finish(FinishReason.ERROR, self._answer.error)
        if self._answer.stopped:
            return text + self.finish(FinishReason.STOP)
        if len(self.tokens) == self.max_tokens:
            return text + self.finish(FinishReason.LENGTH)
        return text
        # task 4.2 end
