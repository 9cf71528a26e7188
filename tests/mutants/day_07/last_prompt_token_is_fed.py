"""You fed the last token of the prompt, which is stored already, and not the newest token.

task: 7.4
caught-by: test_day_07.py::test_one_request_is_served_as_alone
"""


class ContinuousBatcher:
    def decode(self):
        # task 7.4 begin
        live = self.caches[0].live
        if not live:
            return
        newest = [self.running[slot].prompt[-1] if slot in live else None for slot in range(self.slots.max_slots)]
        logits = decode_step(self.model, newest, self.caches)
        for slot in live:
            self.running[slot].num_computed_tokens += 1
        self._give_tokens(live, logits)
        # task 7.4 end
