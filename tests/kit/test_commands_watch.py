"""`watch` in a terminal of its own: it tests on save, takes keys, and leaves the terminal as it was."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import termios
import time

import pytest


class Terminal:
    """A command in a pseudo-terminal."""

    def __init__(self, course, *arguments, interrupts=signal.SIG_DFL):
        self.master, self.slave = pty.openpty()
        self.before = termios.tcgetattr(self.slave)
        self.said = ""
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tiny_batch_kit", *arguments],
            cwd=course.root,
            env={**os.environ, "TINY_BATCH_ROOT": str(course.root), "NO_COLOR": "1", "TERM": "xterm"},
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, interrupts),
        )

    def wait_for(self, text, seconds=30):
        deadline = time.monotonic() + seconds
        while text not in self.said:
            assert time.monotonic() < deadline, f"{text!r} never came: {self.said[-1500:]}"
            if select.select([self.master], [], [], 0.2)[0]:
                self.said += re.sub(r"\x1b\[[?0-9;]*[A-Za-z]", "", os.read(self.master, 65536).decode(errors="replace"))
        self.said = self.said.split(text, 1)[1]

    def type(self, keys):
        os.write(self.master, keys.encode())

    def end(self):
        try:
            return self.process.wait(60)
        finally:
            self.process.kill()

    def settings(self):
        return termios.tcgetattr(self.slave)


@pytest.mark.parametrize("options", [[], ["--poll"]])
def test_a_save_is_tested_and_keys_work(course, options):
    for file in course.mine.glob("*.py"):  # polling tells two versions apart by the second in which they were written
        os.utime(file, (time.time() - 10, time.time() - 10))
    terminal = Terminal(course, "watch", "--day", "1", *options)
    terminal.wait_for("Nothing is written yet")
    terminal.wait_for("watching")
    course.fill("add", "return a + b")
    terminal.wait_for("✓ 1.1")
    terminal.wait_for("quit")
    terminal.type("h")
    terminal.wait_for("a nudge at sums")
    terminal.type("r")
    terminal.wait_for("✓ 1.1")
    terminal.wait_for("quit")
    terminal.type("q")
    assert terminal.end() == 0
    assert terminal.settings() == terminal.before


def test_a_save_during_the_first_run_is_tested_too(course):
    course.fill("count", "import time\ntime.sleep(2)\nreturn len(numbers)")
    terminal = Terminal(course, "watch", "--day", "1")
    terminal.wait_for("Day 1 ·")  # the line that moves while the tests run
    time.sleep(1.5)
    course.fill("add", "return a + b")
    terminal.wait_for("watching")
    terminal.wait_for("✓ 1.1")
    terminal.type("q")
    assert terminal.end() == 0


@pytest.mark.parametrize("interrupts", [signal.SIG_DFL, signal.SIG_IGN], ids=["foreground", "background of a script"])
def test_ctrl_c_leaves_the_terminal_as_it_was(course, interrupts):
    terminal = Terminal(course, "watch", "--day", "1", interrupts=interrupts)
    terminal.wait_for("watching")
    os.kill(terminal.process.pid, signal.SIGINT)
    assert terminal.end() == 0
    assert terminal.settings() == terminal.before


def test_q_ends_tests_that_hang(course):
    course.fill("add", "while True:\n    pass")
    terminal = Terminal(course, "watch", "--day", "1")
    terminal.wait_for("Day 1")
    time.sleep(1.5)
    terminal.type("q")
    assert terminal.end() == 0
    assert terminal.settings() == terminal.before


def test_without_a_terminal_it_watches_without_keys(course):
    process = subprocess.Popen(
        [sys.executable, "-m", "tiny_batch_kit", "watch"],
        env={**os.environ, "TINY_BATCH_ROOT": str(course.root)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    lines = []
    for line in process.stdout:
        lines.append(line)
        if "watching" in line:
            break
    process.terminate()
    process.wait(60)
    assert any("○ 1.1" in line for line in lines)
    assert any("Ctrl-C quits" in line for line in lines)
