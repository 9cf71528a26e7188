"""You gave each token as many bytes as it needs, and nothing says where one ends: 256 and 1, 0 are the same.

task: 11.1
caught-by: test_day_11.py::test_no_part_passes_for_another[bytes]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    lengths = array("Q", (len(parent), len(whose))).tobytes()  # so that no byte of one can pass for one of the next
    told = b"".join(token.to_bytes(max(1, (token.bit_length() + 7) // 8), "big") for token in tokens)
    return blake2b(lengths + parent + whose + told, digest_size=16).digest()
    # task 11.1 end
