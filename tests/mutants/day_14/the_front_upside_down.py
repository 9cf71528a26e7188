"""You keep the points with the least throughput: sorted from the largest TPOT on, each that is slower than all before remains.

task: 14.5
caught-by: test_day_14.py::test_what_is_beaten_is_not_worth_choosing
"""


def pareto(points):
    # task 14.5 begin
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.tpot, -each.throughput), reverse=True):
        if not found or point.throughput < found[-1].throughput:
            found.append(point)
    return found
    # task 14.5 end
