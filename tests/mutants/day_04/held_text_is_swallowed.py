"""At the end you threw away what `finish` gives back: the text that was held because it might have become a stop string.

task: 4.2
caught-by: test_day_04.py::test_an_unfinished_stop_string_is_text_in_the_end[length-FinishReason.LENGTH]
"""


class Request:
    def append_token(self, token):
        # task 4.2 begin
        if self.state is not RequestState.DECODING:
            raise IllegalTransition(f"request {self.id} is {self.state.value}: only a decoding request gets tokens")
        if token in self.eos_token_ids:
            self.finish(FinishReason.EOS)
            return ""
        self.tokens.append(token)
        self.token_times.append(self._clock.now())
        text = self._answer.add(token)
        if self._answer.error is not None:
            return text + self.finish(FinishReason.ERROR, self._answer.error)
        if self._answer.stopped:
            return text + self.finish(FinishReason.STOP)
        if len(self.tokens) == self.max_tokens:
            self.finish(FinishReason.LENGTH)
            return text
        return text
        # task 4.2 end
