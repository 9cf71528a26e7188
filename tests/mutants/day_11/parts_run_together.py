"""You joined parent and salt without a border: ab and c are the same as a and bc.

task: 11.1
caught-by: test_day_11.py::test_no_part_passes_for_another[border]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    return blake2b(parent + whose + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end
