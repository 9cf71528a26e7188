"""You allow only steps that are shorter than `tpot_slo`. One that takes just as long keeps the promise.

task: 1.4
caught-by: test_day_01.py::test_a_step_may_take_the_whole_time_allowed
"""


def best_batch_size(shape, hardware, context, tpot_slo):
    # task 1.4 begin
    throughputs: list[float] = []
    for batch in range(1, max_batch_size(shape, hardware, context) + 1):
        seconds = decode_step_cost(shape, hardware, batch, context).seconds
        if seconds >= tpot_slo:
            break
        throughputs.append(batch / seconds)
    if not throughputs:
        raise ValueError(_why_nothing_is_allowed(shape, hardware, context, tpot_slo))

    enough = 0.99 * max(throughputs)
    return next(batch for batch, throughput in enumerate(throughputs, start=1) if throughput >= enough)
    # task 1.4 end
