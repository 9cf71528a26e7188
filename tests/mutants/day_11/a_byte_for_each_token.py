"""You kept one byte of each token: 5 and 261 are the same.

task: 11.1
caught-by: test_day_11.py::test_no_part_passes_for_another[beyond-8-bits]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    told = bytes(token % 256 for token in tokens)
    return blake2b(lengths + parent + whose + told, digest_size=16).digest()
    # task 11.1 end
