"""One command line on one machine, by SSH: what it prints is handed on as it comes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import IO, TYPE_CHECKING

from extra_container.plugin import dataclass
from extra_container_remote import ssh

if TYPE_CHECKING:
    from extra_container.plugin import Runner
    from extra_container_remote.voices import Voices

_LAST_LINES = 40  # more than ssh needs to say why it refuses


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of a call: its exit code, what it printed, the last it said, and how many bytes of both it was."""

    code: int
    out: str
    last: str
    out_bytes: int
    err_bytes: int


def call(target: str, command: Sequence[str], voices: Voices, runner: Runner, connection: Sequence[str] = ()) -> Answer:
    """Run a command on a machine, to its end or to that of the connection.

    What ssh itself says where it fails, which comes last, is not handed on: see :attr:`Answer.last`.
    """
    out: list[bytes] = []
    err: list[bytes] = []
    with runner.begin(ssh.argv(target, command, connection=connection), stdout=-1, stderr=-1) as child:
        hear = threading.Thread(target=_hear, args=(child.stderr, err, lambda line: voices.remark(target, line)))
        hear.start()
        _hear(child.stdout, out, lambda line: voices.result(target, line))
        hear.join()
        child.wait()
    said = b"".join(err)
    last = said.decode(errors="replace").splitlines()[-_LAST_LINES:]
    return Answer(
        code=child.returncode,
        out=b"".join(out).decode(errors="replace"),
        last="\n".join(last),
        out_bytes=sum(map(len, out)),
        err_bytes=len(said),
    )


def _hear(stream: IO[str] | None, into: list[bytes], hand_on: Callable[[str], None]) -> None:
    if stream is None:
        raise AssertionError("it is no pipe")
    for line in stream.buffer:  # type: ignore[attr-defined]  # a text stream over a binary one
        into.append(line)
        hand_on(line.decode(errors="replace").rstrip("\r\n"))
