"""When the storage grew, you made a new one and left what was stored behind.

task: 5.1
caught-by: test_day_05.py::test_any_pieces_add_up
"""


def _grown(stored, new, used, needed):
    # task 5.1 begin
    rows, heads, _, width = new.shape
    capacity = -(-needed // GROWTH) * GROWTH
    room = mx.zeros((rows, heads, capacity - used, width), dtype=new.dtype)
    return mx.zeros((rows, heads, capacity, width), dtype=new.dtype)
    # task 5.1 end
