"""You put a sign between the parts. A parent's name may have any byte in it, and a salt any character, this one
included.

task: 11.1
caught-by: test_day_11.py::test_no_sign_stands_between_them
"""


def block_hash(parent, tokens, salt):
    # task 11.1 begin
    whose = salt.encode()
    return blake2b(parent + b"|" + whose + b"|" + array("q", tokens).tobytes(), digest_size=16).digest()
    # task 11.1 end
