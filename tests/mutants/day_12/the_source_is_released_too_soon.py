"""You released the old page when the copy was planned: it is used until it is copied, and then released by the
request that made the copy.

task: 12.3
caught-by: test_day_12.py::test_samples_share_a_prompt_and_write_to_copies[10]
"""


class PagedScheduler:
    def _own(self, request):
        # task 12.3 begin
        table, place = self.tables[request.id], request.num_computed_tokens // self.allocator.block_size
        if place == len(table) or table[place].users == 1:
            return True
        pages = self.allocator.allocate(1)
        if pages is None:
            return False
        self._copies[request.id] = (table[place], pages[0])
        self.allocator.release([table[place]])
        table[place] = pages[0]
        return True
        # task 12.3 end
