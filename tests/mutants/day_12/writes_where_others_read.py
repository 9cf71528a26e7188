"""You wrote to a page that others use too: they go on with your answer.

task: 12.3
caught-by: test_day_12.py::test_samples_share_a_prompt_and_write_to_copies[10]
"""


class PagedScheduler:
    def _own(self, request):
        # task 12.3 begin
        return True
        # task 12.3 end
