"""You tell strangers what broke inside: paths, names, perhaps other people's words.

task: 15.4
caught-by: test_day_15.py::test_what_broke_inside_is_not_told_to_strangers[KeyError]
"""


def as_refusal(error):
    # task 15.4 begin
    if isinstance(error, Refusal):
        return error
    if isinstance(error, QueueFull):
        wait = wait_time(getattr(error, "retry_after", None))
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
    return Refusal(500, f"something broke: {error}", code="internal_error")
    # task 15.4 end
