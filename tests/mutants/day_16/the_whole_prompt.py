"""You took the last block of the prompt for the key: no other prompt has it.

task: 16.4
caught-by: test_day_16.py::test_what_makes_prompts_alike[4]
"""


class PrefixAffinity:
    def key(self, ask):
        # task 16.4 begin
        return ask.prefix[-1] if ask.prefix else ask.id.encode("utf-8", "surrogatepass")
        # task 16.4 end
