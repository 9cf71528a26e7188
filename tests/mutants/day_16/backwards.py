"""You walked the other way around.

task: 16.4
caught-by: test_day_16.py::test_the_order_is_that_of_the_places
"""


class HashRing:
    def walk(self, key):
        # task 16.4 begin
        start, seen = bisect_right(self._places, place_of(key)), set[str]()
        for step in range(len(self._owners)):
            owner = self._owners[(start - 1 - step) % len(self._owners)]
            if owner not in seen:
                seen.add(owner)
                yield owner
        # task 16.4 end
