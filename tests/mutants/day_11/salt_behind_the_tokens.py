"""You put the tokens between parent and salt, without their lengths: a tenant who may choose a salt can choose one
that passes for tokens.

task: 11.1
caught-by: test_day_11.py::test_no_part_passes_for_another[salt-or-parent-around-the-tokens]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    return blake2b(parent + array("q", tokens).tobytes() + whose, digest_size=16).digest()
    # task 11.1 end
