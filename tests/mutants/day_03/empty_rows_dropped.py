"""You dropped empty rows. Row i of the result must be row i of the input, even when it is empty.

task: 3.3
caught-by: test_day_03.py::test_empty_rows_take_no_room
"""


def collate_sparse(features):
    # task 3.3 begin
    values = [value for row in features for value in row]
    offsets = [0]
    for row in features:
        if row:
            offsets.append(offsets[-1] + len(row))
    return Ragged(mx.array(values, dtype=mx.int32), mx.array(offsets, dtype=mx.int32))
    # task 3.3 end
