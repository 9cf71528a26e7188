"""You forecast by the prompt alone, as if it were first.

task: 14.7
caught-by: test_day_14.py::test_what_is_unread_goes_first
"""


class Promise:
    def forecast(self, prompt_tokens):
        # task 14.7 begin
        if prompt_tokens < 1:
            raise ValueError(f"a prompt has {prompt_tokens} tokens: give at least 1")
        return prompt_tokens / self.rate
        # task 14.7 end
