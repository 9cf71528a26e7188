"""You divided the pads by the tokens. The share is of all cells, and never more than 1.

task: 2.4
caught-by: test_day_02.py::test_padding_wastes_the_cells_without_a_token
"""


def padding_waste(batches, widths=None):
    # task 2.4 begin
    cells = sum(len(batch) * width for batch, width in zip(batches, widths))
    tokens = sum(map(sum, batches))
    return (cells - tokens) / tokens if tokens else 0.0
    # task 2.4 end
