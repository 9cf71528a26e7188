"""You only checked whether there is a batch. A batch without prompts has no cells either.

task: 2.4
caught-by: test_day_02.py::test_a_batch_of_nobody_wastes_nothing[no-width]
"""


def padding_waste(batches, widths):
    # task 2.4 begin
    cells = sum(len(batch) * width for batch, width in zip(batches, widths, strict=True))
    tokens = sum(sum(batch) for batch in batches)
    return (cells - tokens) / cells if batches else 0.0
    # task 2.4 end
