"""You made the room in float32 whatever came: 16-bit keys take twice the memory.

task: 5.1
caught-by: test_day_05.py::test_numbers_keep_their_type
"""


def _grown(stored, new, used, needed):
    # task 5.1 begin
    rows, heads, _, width = new.shape
    capacity = -(-needed // GROWTH) * GROWTH
    room = mx.zeros((rows, heads, capacity - used, width), dtype=mx.float32)
    return room if stored is None else mx.concatenate([stored[:, :, :used], room], axis=2)
    # task 5.1 end
