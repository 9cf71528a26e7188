"""You round the time to wait down. A caller who comes back then is too early, by your own promise.

task: 15.4
caught-by: test_day_15.py::test_a_time_to_wait_is_whole_seconds[1.01-2]
"""


def wait_time(seconds):
    # task 15.4 begin
    if seconds is None or math.isnan(seconds):
        return 1
    return int(max(1, min(seconds, LONGEST_WAIT)))
    # task 15.4 end
