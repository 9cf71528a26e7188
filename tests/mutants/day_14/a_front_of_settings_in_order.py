"""You return the front with the most throughput first: the smallest TPOT was asked for first.

task: 14.5
caught-by: test_day_14.py::test_what_is_beaten_is_not_worth_choosing
"""


def pareto(points):
    # task 14.5 begin
    found: list[Point] = []
    for point in sorted(points, key=lambda each: (each.tpot, -each.throughput)):
        if not found or point.throughput > found[-1].throughput:
            found.append(point)
    return found[::-1]
    # task 14.5 end
