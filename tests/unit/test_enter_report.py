"""What a process in a container tells the one outside of its end is never missed."""

import subprocess
import sys

# What is told comes while the one outside waits; the kernel makes one signal of all that comes before it looks.
SCRIPT = """
import os, signal
from extra_container.enter import plain, report

signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGIO])
pipe, end = os.pipe()
told = report.Report(pipe)
plain.watch(told)
waits = []

def sigwaitinfo(numbers):
    if not waits:
        report.tell_failed(end, "there is no room")
        os.close(end)
    waits.append(numbers)
    return signal.sigtimedwait(numbers, 20) or exit("nothing more comes")

plain.signal.sigwaitinfo = sigwaitinfo
plain.wait(told, lambda number: None)
print(told.over, told.failure, len(waits))
"""


def test_one_signal_for_a_failure_and_the_end_behind_it():
    done = subprocess.run([sys.executable, "-c", SCRIPT], check=True, capture_output=True, text=True)
    assert done.stdout == "True there is no room 1\n"
