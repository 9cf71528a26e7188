"""When no setting keeps the promise, you return one that doesn't. The caller is not told that the promise is broken.

task: 14.5
caught-by: test_day_14.py::test_a_promise_that_nothing_keeps
"""


def best_under(points, objective):
    # task 14.5 begin
    tried = list(points)
    kept = [point for point in tried if point.ttft <= objective.ttft and point.tpot <= objective.tpot]
    if not kept and tried:
        return min(tried, key=lambda point: point.tpot)
    if not kept:
        ttft = min((point.ttft for point in tried), default=None)
        tpot = min((point.tpot for point in tried), default=None)
        raise ValueError(
            f"no setting of {len(tried)} keeps a TTFT of {objective.ttft} s and a TPOT of {objective.tpot} s; the "
            f"smallest seen are {ttft} and {tpot}: promise less, or take load away"
        )
    return min(kept, key=lambda point: (-point.throughput, point.tpot))
    # task 14.5 end
