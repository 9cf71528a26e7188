"""You named a block after its own tokens. Its keys and values depend on everything before them.

task: 11.1
caught-by: test_day_11.py::test_a_name_depends_on_all_three[parent]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    return blake2b(whose + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end
