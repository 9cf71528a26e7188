"""You returned the useful share. Waste is the other part.

task: 2.4
caught-by: test_day_02.py::test_padding_wastes_the_cells_without_a_token
"""


def padding_waste(batches, widths=None):
    # task 2.4 begin
    cells = sum(len(batch) * width for batch, width in zip(batches, widths))
    return sum(map(sum, batches)) / cells if cells else 0.0
    # task 2.4 end
