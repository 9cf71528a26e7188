"""You published pages without the salt: every tenant finds what one has asked.

task: 12.3
caught-by: test_day_12.py::test_tenants_share_nothing[a-]
"""


class PagedScheduler:
    def commit(self, plan):
        # task 12.3 begin
        size = self.allocator.block_size
        for work in plan.work:
            request, table = self.running[work.request_id], self.tables[work.request_id]
            for place in range(work.start // size, request.num_computed_tokens // size):
                tokens = tokens_between(request, place * size, (place + 1) * size)
                after = table[place - 1] if place else None
                table[place] = self.allocator.publish(table[place], tokens, "", after)
        # task 12.3 end
