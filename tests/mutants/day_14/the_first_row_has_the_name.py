"""You name the request of the first row, and not of the longest.

task: 14.4
caught-by: test_day_14.py::test_who_the_long_prompt_is
"""


def _longest(record):
    # task 14.4 begin
    rows = [row for row in record.rows if row.kind is Kind.PREFILL]
    return rows[0].request or ""
    # task 14.4 end
