"""Your decode pass gives a token to one request only, by turns.

task: 7.4
caught-by: test_day_07.py::test_all_slots_decode_in_one_pass
"""


class ContinuousBatcher:
    def decode(self):
        # task 7.4 begin
        live = self.caches[0].live
        if len(live) > 1:
            kept = [list(cache.offsets) for cache in self.caches]
            fewest = min(live, key=lambda slot: len(self.running[slot].tokens))
            for cache in self.caches:
                cache.offsets = [offset if slot == fewest else None for slot, offset in enumerate(cache.offsets)]
            newest = [self.running[slot].tokens[-1] if slot == fewest else None for slot in range(self.slots.max_slots)]
            logits = decode_step(self.model, newest, self.caches)
            for cache, old in zip(self.caches, kept):
                grown = cache.offsets[fewest]
                cache.offsets = [grown if slot == fewest else offset for slot, offset in enumerate(old)]
            self.running[fewest].num_computed_tokens += 1
            self._give_tokens([fewest], logits)
            return
        if not live:
            return
        newest = [self.running[slot].tokens[-1] if slot in live else None for slot in range(self.slots.max_slots)]
        logits = decode_step(self.model, newest, self.caches)
        for slot in live:
            self.running[slot].num_computed_tokens += 1
        self._give_tokens(live, logits)
        # task 7.4 end
