"""You compared `seconds / batch` with the target. A user gets one token per step, however many neighbours there are: they
wait for the whole step.

task: 1.4
caught-by: test_day_01.py::test_the_time_per_token_is_kept
"""


def best_batch_size(shape, hardware, context, tpot_slo):
    # task 1.4 begin
    allowed = []
    for batch in range(1, max_batch_size(shape, hardware, context) + 1):
        seconds = decode_step_cost(shape, hardware, batch, context).seconds
        if seconds / batch > tpot_slo:
            break
        allowed.append((batch, batch / seconds))
    if not allowed:
        raise ValueError("nothing is allowed")
    best = max(throughput for _, throughput in allowed)
    return next(batch for batch, throughput in allowed if throughput >= 0.99 * best)
    # task 1.4 end
