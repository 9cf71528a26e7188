"""You never counted what is stored: `num_computed_tokens` stays where the prefill left it.

task: 7.4
caught-by: test_day_07.py::test_computed_tokens_are_counted
"""


class ContinuousBatcher:
    def decode(self):
        # task 7.4 begin
        live = self.caches[0].live
        if not live:
            return
        newest = [self.running[slot].tokens[-1] if slot in live else None for slot in range(self.slots.max_slots)]
        logits = decode_step(self.model, newest, self.caches)
        self._give_tokens(live, logits)
        # task 7.4 end
