"""You placed points by a count, not by name: a replica that joins moves all others.

task: 16.4
caught-by: test_day_16.py::test_added_twice_or_in_another_order
"""


class HashRing:
    def add(self, replicas):
        # task 16.4 begin
        new = frozenset(replicas) - self.names
        marks = list(zip(self._places, self._owners, strict=True))
        marks += [(place_of(f"{number}/{point}".encode()), name) for number, name in enumerate(sorted(new)) for point in range(self.points)]
        marks.sort()
        self._places, self._owners = [place for place, _ in marks], [name for _, name in marks]
        self.names |= new
        # task 16.4 end
