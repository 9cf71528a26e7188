"""Your walk ends at the end of the list: after the last point comes the first.

task: 16.4
caught-by: test_day_16.py::test_once_around_the_ring
"""


class HashRing:
    def walk(self, key):
        # task 16.4 begin
        start, seen = bisect_right(self._places, place_of(key)), set[str]()
        for step in range(len(self._owners) - start):
            owner = self._owners[(start + step) % len(self._owners)]
            if owner not in seen:
                seen.add(owner)
                yield owner
        # task 16.4 end
