"""You sort by TPOT alone: of two points with the same TPOT the slower one may come first, and stays though the other beats it.

task: 14.5
caught-by: test_day_14.py::test_as_quick_and_less_is_beaten
"""


def pareto(points):
    # task 14.5 begin
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.tpot, each.throughput)):
        if not found or point.throughput > found[-1].throughput:
            found.append(point)
    return found
    # task 14.5 end
