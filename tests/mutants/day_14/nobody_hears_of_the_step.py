"""You don't pass the record on.

task: 14.2
caught-by: test_day_14.py::test_who_listens_hears_of_the_step_when_it_is_counted
"""


class BatchingMetrics:
    def on_step(self, rows):
        # task 14.2 begin
        self._pass()
        record, totals = self._reader.read(rows), self._totals
        totals.steps += 1
        totals.slots += record.slots
        totals.budget += record.budget
        totals.computed += record.computed
        totals.found += record.found
        totals.again += record.again
        for row in rows:
            if row.kind is Kind.PREFILL:
                totals.rows += 1
                totals.read += row.tokens
            elif row.kind is Kind.DECODE:
                totals.rows += 1
                totals.guessed += row.tokens - 1
                totals.accepted += max(0, row.sampled - 1)
        pass
        # task 14.2 end
