"""zstd, as a program: between an archive and its file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import IO

from extra_container.plugin import Completed, InstallError, Runner
from extra_container_data.backups.reader import BrokenArchiveError

_PACK = ("zstd", "-q", "-T0", "-c")
_UNPACK = ("zstd", "-q", "-d", "-c")


@contextmanager
def packed(target: int, runner: Runner) -> Iterator[IO[bytes]]:
    """Give a stream whose bytes get into an open file, packed; all are there after the block.

    Raises :class:`.InstallError` if they cannot be written, :class:`.HostError` if there is no zstd.
    """
    program = runner.find("zstd")
    source, sink = os.pipe2(os.O_CLOEXEC)
    with ThreadPoolExecutor(1) as pool, runner.together() as own:
        running = pool.submit(_connect, (program, *_PACK[1:]), own, source, target, closing=source)
        try:
            with os.fdopen(sink, "wb") as stream:
                yield stream
        except BrokenPipeError:
            if running.result().returncode == 0:
                raise
        done = running.result()
    if done.returncode != 0:
        raise InstallError(f"zstd could not write it: {_reason(done)}")


@contextmanager
def unpacked(source: int, runner: Runner, *, whole: bool = True) -> Iterator[IO[bytes]]:
    """Give a stream of what is in a packed open file; with ``whole``, the block reads all, and it is good afterwards.

    Raises :class:`BrokenArchiveError` if it is not, :class:`.HostError` if there is no zstd.
    """
    program = runner.find("zstd")
    tap, target = os.pipe2(os.O_CLOEXEC)
    with ThreadPoolExecutor(1) as pool, runner.together() as own:
        running = pool.submit(_connect, (program, *_UNPACK[1:]), own, source, target, closing=target)
        with os.fdopen(tap, "rb") as stream:
            try:
                yield stream
            except BrokenArchiveError as error:
                # What zstd says is the better reason, but only of what it has really read.
                stream.close()
                done = running.result()
                if done.returncode > 0:
                    raise BrokenArchiveError(_reason(done)) from error
                raise
            left = stream.read(1) if whole else b""
        done = running.result()
    if not whole:
        return
    if left or done.returncode != 0:
        raise BrokenArchiveError("it goes on after its end" if left else _reason(done))


def _connect(argv: tuple[str, ...], runner: Runner, source: int, target: int, *, closing: int) -> Completed:
    try:
        return runner.connect(argv, source=source, target=target)
    finally:
        os.close(closing)  # so that who is at the other end of the pipe sees the end


def _reason(done: Completed) -> str:
    lines = done.stderr.strip().splitlines()
    return lines[-1].removeprefix("zstd: ") if lines else f"zstd ended with {done.returncode}"
