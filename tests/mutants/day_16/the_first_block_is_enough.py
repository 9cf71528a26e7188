"""You took the first block for the key: all prompts that share a system prompt share a replica.

task: 16.4
caught-by: test_day_16.py::test_what_makes_prompts_alike[2]
"""


class PrefixAffinity:
    def key(self, ask):
        # task 16.4 begin
        return ask.prefix[0] if ask.prefix else ask.id.encode("utf-8", "surrogatepass")
        # task 16.4 end
