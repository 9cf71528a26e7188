"""You padded to the longest prompt where a width was given.

task: 2.4
caught-by: test_day_02.py::test_a_bucket_pads_to_its_own_width
"""


def padding_waste(batches, widths=None):
    # task 2.4 begin
    cells = sum(len(batch) * max(batch) for batch in batches if batch)
    tokens = sum(map(sum, batches))
    return (cells - tokens) / cells if cells else 0.0
    # task 2.4 end
