"""You always say one second. Day 14's promise knows better: the error has it.

task: 15.4
caught-by: test_day_15.py::test_each_error_has_its_status[promised]
"""


def as_refusal(error):
    # task 15.4 begin
    if isinstance(error, Refusal):
        return error
    if isinstance(error, QueueFull):
        wait = 1
        return Refusal(429, str(error), code="queue_full", retry_after=wait)
    known: list[tuple[type[Exception], int, str | None, int | None]] = [
        (ShuttingDown, 503, "shutting_down", 1),
        (EngineDown, 503, "engine_down", 1),
        (EngineFailed, 500, "engine_failed", None),
        (TooSlow, 408, "too_slow", None),
        (ValueError, 400, None, None),
    ]
    for kind, status, code, wait_for in known:
        if isinstance(error, kind):
            return Refusal(status, str(error), code=code, retry_after=wait_for)
    return Refusal(500, "something broke in the server: its log says what", code="internal_error")
    # task 15.4 end
