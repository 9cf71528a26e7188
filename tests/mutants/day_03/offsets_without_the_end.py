"""You left out the last offset: without it nothing says where the last row ends.

task: 3.3
caught-by: test_day_03.py::test_rows_lie_one_behind_the_other
"""


def collate_sparse(features):
    # task 3.3 begin
    values = [value for row in features for value in row]
    offsets = [sum(len(row) for row in features[:i]) for i in range(len(features))]
    return Ragged(mx.array(values, dtype=mx.int32), mx.array(offsets, dtype=mx.int32))
    # task 3.3 end
