"""You made the storage larger by one GROWTH, however much was needed: a long prompt does not fit.

task: 5.1
caught-by: test_day_05.py::test_a_prompt_may_need_several_steps_of_room
"""


def _grown(stored, new, used, needed):
    # task 5.1 begin
    rows, heads, _, width = new.shape
    capacity = used + GROWTH
    room = mx.zeros((rows, heads, capacity - used, width), dtype=new.dtype)
    return room if stored is None else mx.concatenate([stored[:, :, :used], room], axis=2)
    # task 5.1 end
