"""You accept tokens for a request that is not decoding: one that waits, or one that ended long ago.

task: 4.2
caught-by: test_day_04.py::test_only_a_decoding_request_gets_tokens[waiting]
"""


class Request:
    def append_token(self, token):
        # task 4.2 begin
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
