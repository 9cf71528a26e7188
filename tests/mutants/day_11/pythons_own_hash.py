"""You named blocks by Python's own hash. It is different in every process for bytes and strings, and a few operations
find a collision.

task: 11.1
caught-by: test_day_11.py::test_every_process_says_the_same[no-salt]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    return hash((parent, tuple(tokens), salt)).to_bytes(16, "little", signed=True)
    # task 11.1 end
