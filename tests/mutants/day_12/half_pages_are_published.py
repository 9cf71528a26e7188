"""You published the page that is partly full: it is never found, and stays when nothing uses it.

task: 12.3
caught-by: test_day_12.py::test_full_pages_are_published_and_half_ones_are_not
"""


class PagedScheduler:
    def commit(self, plan):
        # task 12.3 begin
        size = self.allocator.block_size
        for work in plan.work:
            request, table = self.running[work.request_id], self.tables[work.request_id]
            for place in range(work.start // size, -(-request.num_computed_tokens // size)):
                tokens = tokens_between(request, place * size, (place + 1) * size)
                after = table[place - 1] if place else None
                table[place] = self.allocator.publish(table[place], tokens, request.cache_salt, after)
        # task 12.3 end
