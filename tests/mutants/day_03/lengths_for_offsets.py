"""You returned lengths. An offset is where a row begins: the sum of all lengths before it.

task: 3.3
caught-by: test_day_03.py::test_rows_lie_one_behind_the_other
"""


def collate_sparse(features):
    # task 3.3 begin
    values = [value for row in features for value in row]
    offsets = [0, *[len(row) for row in features]]
    return Ragged(mx.array(values, dtype=mx.int32), mx.array(offsets, dtype=mx.int32))
    # task 3.3 end
