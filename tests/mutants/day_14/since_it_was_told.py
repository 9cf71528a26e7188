"""You count a request from the moment that you hear of it, and not from its arrival: the time at the door is lost.

task: 14.2
caught-by: test_day_14.py::test_a_request_may_have_come_before_it_was_told
"""


class BatchingMetrics:
    def on_arrival(self, request):
        # task 14.2 begin
        now = self._pass()
        self._there += 1
        self._totals.arrived += 1
        # task 14.2 end
