"""You took the largest batch allowed. Past the ridge more rows make no more tokens a second: every user just waits longer.

task: 1.4
caught-by: test_day_01.py::test_past_the_ridge_a_larger_batch_only_waits_longer
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
        raise ValueError("nothing is allowed")
    best = max(throughput for _, throughput in allowed)
    return allowed[-1][0]
    # task 1.4 end
