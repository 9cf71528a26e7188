"""You looked without the salt: a tenant continues with another's pages.

task: 12.3
caught-by: test_day_12.py::test_tenants_do_not_catch_up_with_each_other
"""


class PagedScheduler:
    def _catch_up(self, request):
        # task 12.3 begin
        table, size = self.tables[request.id], self.allocator.block_size
        place = request.num_computed_tokens // size
        after = table[place - 1] if place else None
        last = (length(request) - 1) // size  # the page of the last token is never shared whole
        if place >= last or (after is not None and not after.kept):
            return
        found = self.allocator.match(tokens_between(request, place * size, last * size), "", after)
        self.allocator.use(found)
        self.allocator.release(table[place : place + len(found)])
        table[place : place + len(found)] = found
        request.num_computed_tokens = max(request.num_computed_tokens, (place + len(found)) * size)
        # task 12.3 end
