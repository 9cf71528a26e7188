"""You freed the slot in the first layer's cache only.

task: 7.3
caught-by: test_day_07.py::test_retiring_frees_slot_and_cache
"""


class ContinuousBatcher:
    def retire(self):
        # task 7.3 begin
        for slot, request in list(self.running.items()):
            if request.is_finished:
                del self.running[slot]
                self.slots.free_slot(request.id)
                for cache in self.caches[:1]:
                    if cache.offsets[slot] is not None:
                        cache.remove_request(slot)
        # task 7.3 end
