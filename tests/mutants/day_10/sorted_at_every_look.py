"""You sorted the queue at every look: a queue of a million stands still.

task: 10.1
caught-by: test_day_10.py::test_a_long_queue_is_as_quick_as_a_short_one
"""


class Fifo:
    def add(self, request, arrival):
        # task 10.1 begin
        self._waiting[request.id] = ((self.key(request, arrival), arrival.number, request.id), request)
        # task 10.1 end

    def first(self, running, step):
        # task 10.1 begin
        return min(self._waiting.values(), key=lambda each: each[0])[1] if self._waiting else None
        # task 10.1 end
