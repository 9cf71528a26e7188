"""You multiply the steps by the current budget. It may change at every step.

task: 14.2
caught-by: test_day_14.py::test_a_step_counts_its_rows_and_its_room
"""


class BatchingMetrics:
    def on_step(self, rows):
        # task 14.2 begin
        self._pass()
        record, totals = self._reader.read(rows), self._totals
        totals.steps += 1
        totals.slots += record.slots
        totals.budget = totals.steps * record.budget
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
        self._on_record(record)
        # task 14.2 end
