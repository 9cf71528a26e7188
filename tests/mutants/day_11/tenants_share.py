"""You left the salt out: one tenant can find out, by the time it takes, what another has asked.

task: 11.1
caught-by: test_day_11.py::test_a_name_depends_on_all_three[salt]
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    return blake2b(parent + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end
