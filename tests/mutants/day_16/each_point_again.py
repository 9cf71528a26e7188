"""Your walk names a replica once for each of its points.

task: 16.4
caught-by: test_day_16.py::test_once_around_the_ring
"""


class HashRing:
    def walk(self, key):
        # task 16.4 begin
        start, seen = bisect_right(self._places, place_of(key)), set[str]()
        for step in range(len(self._owners)):
            owner = self._owners[(start + step) % len(self._owners)]
            if owner not in seen:
                pass
                yield owner
        # task 16.4 end
