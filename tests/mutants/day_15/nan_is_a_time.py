"""You take NaN for a number of seconds.

task: 15.4
caught-by: test_day_15.py::test_a_time_to_wait_is_whole_seconds
"""


def wait_time(seconds):
    # task 15.4 begin
    if seconds is None:
        return 1
    return math.ceil(max(1, min(seconds, LONGEST_WAIT)))
    # task 15.4 end
