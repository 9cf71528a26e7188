"""You kept prompts but no answers. The next turn of a conversation begins with both.

task: 11.4
caught-by: test_day_11.py::test_answers_are_kept_too
"""


class CachingScheduler:
    def _keep(self, request, stop):
        # task 11.4 begin
        chain, size = self._chains[request.id], self.cache.block_size
        after = chain[-1] if chain else None
        for start in range(len(chain) * size, min(stop, len(request.prompt)) - size + 1, size):
            after = self.cache.reserve(tokens_between(request, start, start + size), request.cache_salt, after)
            if after is None:
                return
            self._reserved.setdefault(request.id, []).append(after)
            self._keeps.append(BlockCopy(after.number, self.slot_of[request.id], start))
        # task 11.4 end
