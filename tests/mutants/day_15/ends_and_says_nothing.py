"""You note the end and leave the bridge open. Callers who are in it wait forever.

task: 15.5
caught-by: test_day_15.py::test_the_end_closes_the_bridge_that_serves
"""


class Life:
    def end(self):
        # task 15.5 begin
        self._ended = True
        # task 15.5 end
