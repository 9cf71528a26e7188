"""Your walks all begin at the first point of the ring.

task: 16.4
caught-by: test_day_16.py::test_keys_are_spread
"""


class HashRing:
    def walk(self, key):
        # task 16.4 begin
        start, seen = 0, set[str]()
        for step in range(len(self._owners)):
            owner = self._owners[(start + step) % len(self._owners)]
            if owner not in seen:
                seen.add(owner)
                yield owner
        # task 16.4 end
