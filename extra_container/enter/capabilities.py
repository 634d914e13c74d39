"""Capabilities: what enters a container can have no more of them than its PID 1, as if that had started it.

Root of the host has them all, and would hand them to programs of the container. Sources: capabilities(7), capget(2),
prctl(2), proc_pid_status(5), linux/capability.h.
"""

from __future__ import annotations

_BOUNDING = b"CapBnd:"
_PR_CAPBSET_READ = 23
_PR_CAPBSET_DROP = 24
_VERSION_3 = 0x20080522
_WORDS = 2  # of 32 bits in each set


def bounding_set(pid: int) -> int:
    """Return the capabilities that a process and its children may get, a bit each. Raises OSError."""
    with open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123 -- pathlib is slow to import
        for line in file:
            if line.startswith(_BOUNDING):
                return int(line.removeprefix(_BOUNDING), 16)
    return -1  # not every kernel tells, and a negative number has all bits


def confine(allowed: int) -> None:
    """Give up all capabilities but the allowed ones, for this process and all that it starts. Raises OSError."""
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)

    def check(result: int) -> None:
        if result != 0:
            number = ctypes.get_errno()
            raise OSError(number, f"its capabilities cannot be given up: error {number}")

    for capability in range(32 * _WORDS):
        if not allowed >> capability & 1 and libc.prctl(_PR_CAPBSET_READ, capability, 0, 0, 0) == 1:
            check(libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0))
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    sets = (ctypes.c_uint32 * (3 * _WORDS))()  # effective, permitted and inheritable of each word
    check(libc.capget(header, sets))
    for word in range(_WORDS):
        for kind in range(3):
            sets[3 * word + kind] &= allowed >> 32 * word & 0xFFFFFFFF
    check(libc.capset(header, sets))
