"""You let a sample that comes back share the other one's last page: after the prompt there are tokens of another
answer.

task: 12.2
caught-by: test_day_12.py::test_a_sample_that_comes_back_has_an_answer_of_its_own
"""


class PagedScheduler:
    def _shared(self, request):
        # task 12.2 begin
        other = self._sampled(request)
        if other is not None and self._is_read(other):
            return self.tables[other.id][: self._pages_for(length(request))]
        tokens = tokens_between(request, 0, length(request) - 1)
        return self.allocator.match(tokens, request.cache_salt)
        # task 12.2 end
