"""You removed entries from what you walked over, and skipped a neighbour: two that finish together don't both leave.

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
                for cache in self.caches:
                    if cache.offsets[slot] is not None:
                        cache.remove_request(slot)
                break
        # task 7.3 end
