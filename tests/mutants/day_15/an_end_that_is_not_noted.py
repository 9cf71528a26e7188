"""You close the bridge and don't note that it was meant. The next look starts a new engine.

task: 15.5
caught-by: test_day_15.py::test_who_is_about_to_end_is_not_replaced
"""


class Life:
    def end(self):
        # task 15.5 begin
        self.bridge.close(ShuttingDown("the server has ended before this answer had"))
        # task 15.5 end
