import platform
import sys

import pytest

from tiny_batch_kit.machine.hardware import cpu_name

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has /proc/cpuinfo")


@linux_only
@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("model name\t: AMD EPYC 9B14", "AMD EPYC 9B14"),
        ("model name\t: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz", "Intel Xeon Platinum 8481C"),
        ("model name\t: AMD Ryzen 7 5800X 8-Core Processor", "AMD Ryzen 7 5800X"),
        ("model name\t: ", platform.machine()),
        ("CPU part\t: 0xd0c", platform.machine()),  # an ARM kernel
    ],
)
def test_a_processor_is_named(tmp_path, line, name):
    file = tmp_path / "cpuinfo"
    file.write_text(f"processor\t: 0\n{line}\nmodel\t\t: 17\n")
    assert cpu_name(file) == name


@linux_only
def test_without_a_file_the_architecture_is_named(tmp_path):
    assert cpu_name(tmp_path / "none") == platform.machine()


def test_this_processor_has_a_name():
    assert cpu_name().strip()
