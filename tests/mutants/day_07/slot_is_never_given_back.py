"""You never gave the slot back to the slot manager: after a while no request is admitted any more.

task: 7.3
caught-by: test_day_07.py::test_retiring_frees_slot_and_cache
"""


class ContinuousBatcher:
    def retire(self):
        # task 7.3 begin
        for slot, request in list(self.running.items()):
            if request.is_finished:
                del self.running[slot]
                for cache in self.caches:
                    if cache.offsets[slot] is not None:
                        cache.remove_request(slot)
        # task 7.3 end
