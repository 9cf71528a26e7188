"""You keep a point that has as much throughput as the one before it, and a larger TPOT.

task: 14.5
caught-by: test_day_14.py::test_as_quick_and_less_is_beaten
"""


def pareto(points):
    # task 14.5 begin
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.tpot, -each.throughput)):
        if not found or point.throughput >= found[-1].throughput:
            found.append(point)
    return found
    # task 14.5 end
