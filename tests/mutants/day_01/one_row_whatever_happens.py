"""You returned 1 where no batch is allowed. A target that cannot be met is an error that says so.

task: 1.4
caught-by: test_day_01.py::test_too_tight_a_target_is_an_error
"""


def best_batch_size(shape, hardware, context, tpot_slo):
    # task 1.4 begin
    allowed = []
    for batch in range(1, max_batch_size(shape, hardware, context) + 1):
        seconds = decode_step_cost(shape, hardware, batch, context).seconds
        if seconds > tpot_slo:
            break
        allowed.append((batch, batch / seconds))
    if not allowed:
        return 1
    best = max(throughput for _, throughput in allowed)
    return next(batch for batch, throughput in allowed if throughput >= 0.99 * best)
    # task 1.4 end
