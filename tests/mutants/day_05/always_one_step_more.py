"""You added a step of room where everything just fits: storage that is exactly full needs no more yet.

task: 5.1
caught-by: test_day_05.py::test_storage_is_rounded_up_and_no_further[full]
"""


def _grown(stored, new, used, needed):
    # task 5.1 begin
    rows, heads, _, width = new.shape
    capacity = (needed // GROWTH + 1) * GROWTH
    room = mx.zeros((rows, heads, capacity - used, width), dtype=new.dtype)
    return room if stored is None else mx.concatenate([stored[:, :, :used], room], axis=2)
    # task 5.1 end
