"""You put a replica on the ring a second time, instead of leaving it as it is.

task: 16.4
caught-by: test_day_16.py::test_added_twice_or_in_another_order
"""


class HashRing:
    def add(self, replicas):
        # task 16.4 begin
        new = frozenset(replicas) | self.names
        marks = list(zip(self._places, self._owners, strict=True))
        marks += [(place_of(f"{name}/{point + len(self._places)}".encode()), name) for name in new for point in range(self.points)]
        marks.sort()
        self._places, self._owners = [place for place, _ in marks], [name for _, name in marks]
        self.names |= new
        # task 16.4 end
