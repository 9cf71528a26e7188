"""You count the requests that wait, and not their tokens. In the queue, a report then weighs no more than a word.

task: 14.7
caught-by: test_day_14.py::test_what_is_unread_goes_first
"""


class Promise:
    def forecast(self, prompt_tokens):
        # task 14.7 begin
        if prompt_tokens < 1:
            raise ValueError(f"a prompt has {prompt_tokens} tokens: give at least 1")
        return (len(self._scheduler.waiting) + 1) * prompt_tokens / self.rate
        # task 14.7 end
