"""You gave back the page that is not full, too: the newest tokens are in it.

task: 13.2
caught-by: test_day_13.py::test_over_the_border_of_a_block[3-pages]
"""


class SpeculativePagedScheduler:
    def _take_back(self, request):
        # task 13.2 begin
        table, pages = self.tables[request.id], length(request) // self.allocator.block_size
        self.allocator.release(table[pages:])
        del table[pages:]
        # task 13.2 end
