"""Your error does not say whether memory or time is in the way: `_why_nothing_is_allowed` does.

task: 1.4
caught-by: test_day_01.py::test_the_error_says_which_limit_is_in_the_way
"""


def best_batch_size(shape, hardware, context, tpot_slo):
    # task 1.4 begin
    throughputs: list[float] = []
    for batch in range(1, max_batch_size(shape, hardware, context) + 1):
        seconds = decode_step_cost(shape, hardware, batch, context).seconds
        if seconds > tpot_slo:
            break
        throughputs.append(batch / seconds)
    if not throughputs:
        raise ValueError("not even one row is allowed: tpot_slo or memory is too small")

    enough = 0.99 * max(throughputs)
    return next(batch for batch, throughput in enumerate(throughputs, start=1) if throughput >= enough)
    # task 1.4 end
