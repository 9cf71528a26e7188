"""You gave each replica one point: parts of the ring are then very unequal.

task: 16.4
caught-by: test_day_16.py::test_keys_are_spread
"""


class HashRing:
    def add(self, replicas):
        # task 16.4 begin
        new = frozenset(replicas) - self.names
        marks = list(zip(self._places, self._owners, strict=True))
        marks += [(place_of(f"{name}/{point}".encode()), name) for name in new for point in range(1)]
        marks.sort()
        self._places, self._owners = [place for place, _ in marks], [name for _, name in marks]
        self.names |= new
        # task 16.4 end
