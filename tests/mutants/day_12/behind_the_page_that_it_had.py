"""You published a page after the one that the request had before it got another's: that one is gone, and has no name.

task: 12.3
caught-by: test_day_12.py::test_two_who_read_the_same_end_on_the_same_pages
"""


class PagedScheduler:
    def commit(self, plan):
        # task 12.3 begin
        size = self.allocator.block_size
        for work in plan.work:
            request, table = self.running[work.request_id], self.tables[work.request_id]
            had = list(table)
            for place in range(work.start // size, request.num_computed_tokens // size):
                tokens = tokens_between(request, place * size, (place + 1) * size)
                after = had[place - 1] if place else None
                table[place] = self.allocator.publish(table[place], tokens, request.cache_salt, after)
        # task 12.3 end
