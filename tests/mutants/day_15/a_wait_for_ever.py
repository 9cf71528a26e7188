"""You have no longest time to wait. Infinity has no whole seconds.

task: 15.4
caught-by: test_day_15.py::test_a_time_to_wait_is_whole_seconds[3601.0-3600]
"""


def wait_time(seconds):
    # task 15.4 begin
    if seconds is None or math.isnan(seconds):
        return 1
    return math.ceil(max(1, seconds))
    # task 15.4 end
