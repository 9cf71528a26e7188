"""You gave the logits to the slots in a different order from the one in which they came.

task: 7.4
caught-by: test_day_07.py::test_unequal_requests_are_served_as_alone
"""


class ContinuousBatcher:
    def decode(self):
        # task 7.4 begin
        live = self.caches[0].live
        if not live:
            return
        newest = [self.running[slot].tokens[-1] if slot in live else None for slot in range(self.slots.max_slots)]
        logits = decode_step(self.model, newest, self.caches)
        for slot in live:
            self.running[slot].num_computed_tokens += 1
        self._give_tokens(list(reversed(live)), logits)
        # task 7.4 end
