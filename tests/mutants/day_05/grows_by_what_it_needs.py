"""The storage is just as large as what is stored, so every new token copies all those before it.

task: 5.1
caught-by: test_day_05.py::test_storage_grows_by_steps
"""


def _grown(stored, new, used, needed):
    # task 5.1 begin
    rows, heads, _, width = new.shape
    capacity = needed
    room = mx.zeros((rows, heads, capacity - used, width), dtype=new.dtype)
    return room if stored is None else mx.concatenate([stored[:, :, :used], room], axis=2)
    # task 5.1 end
