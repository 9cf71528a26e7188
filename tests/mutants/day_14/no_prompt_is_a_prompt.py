"""You forecast for a prompt of no tokens. It is the caller's mistake, and they should hear of it.

task: 14.7
caught-by: test_day_14.py::test_a_prompt_has_a_token[0]
"""


class Promise:
    def forecast(self, prompt_tokens):
        # task 14.7 begin
        if False:
            raise ValueError(f"a prompt has {prompt_tokens} tokens: give at least 1")
        return (self._scheduler.num_unread + prompt_tokens) / self.rate
        # task 14.7 end
