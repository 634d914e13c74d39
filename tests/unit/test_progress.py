"""What people are shown while they wait, made of what Nix says."""

import json
import os
import pty
import re
import subprocess
import sys
import threading

import pytest

from extra_container.cli.waiting.line import describe
from extra_container.cli.waiting.progress import TerminalProgress
from extra_container.model.origin import Phase
from extra_container.progress.activity import Decoder, Line
from extra_container.progress.followed import FollowedRunner
from extra_container.progress.work import Work, together

STORE = "/nix/store/"
DRV = {name: f"{STORE}{'a' * 32}-{name}.drv" for name in ("one", "two")}


def nix(**entry):
    return f"@nix {json.dumps(entry)}"


def start(number, kind, *fields, text="", level=3):
    return nix(action="start", id=number, type=kind, level=level, parent=0, text=text, fields=list(fields))


def stop(number):
    return nix(action="stop", id=number)


def result(number, kind, *fields):
    return nix(action="result", id=number, type=kind, fields=list(fields))


def message(text, level=0):
    return nix(action="msg", level=level, msg=text)


def read(*lines):
    decoder = Decoder()
    told = [line for text in lines for line in decoder.read(text)]
    return decoder.work, told


BUILDS, BUILD, PATHS, TRANSFER = 104, 105, 103, 101


def test_builds_are_counted_and_named():
    work, _ = read(
        start(1, BUILDS),
        result(1, 105, 1, 5, 2, 0),
        start(2, BUILD, DRV["one"], "", 1, 1),
        start(3, BUILD, DRV["two"], "", 1, 1),
        result(3, 101, "\x1b[1mcompiling\x1b[0m"),
        stop(2),
    )
    assert work == Work(builds=(1, 5), building=("two",), line="compiling")


def test_what_is_fetched_is_counted_in_paths_and_bytes():
    work, _ = read(
        start(1, PATHS),
        result(1, 105, 2, 7, 1, 0),
        result(1, 106, TRANSFER, 5000),
        start(2, TRANSFER, "https://x"),
        result(2, 105, 1000, 3000, 0, 0),
        start(3, TRANSFER, "https://y"),
        result(3, 105, 500, 500, 0, 0),
        stop(3),
    )
    assert work == Work(paths=(2, 7), fetched=(1500, 5000))


def test_counters_that_run_backwards_do_not():
    decoder = Decoder()
    decoder.read(start(1, BUILDS))
    decoder.read(result(1, 105, 4, 9, 0, 0))
    assert decoder.work.builds == (4, 9)
    decoder.read(result(1, 105, 2, 3, 0, 0))
    assert decoder.work.builds == (4, 9)
    decoder.read(result(1, 105, 12, 3, 0, 0))
    assert decoder.work.builds == (12, 12)


def test_messages_are_told_without_what_colours_them():
    _, told = read(
        message("\x1b[35;1mwarning:\x1b[0m a\nb", level=1),
        message("these 2 derivations will be built:", level=3),
        start(1, BUILD, DRV["one"], text=f"building '{DRV['one']}'"),
        start(2, 112, text="querying", level=4),
        result(1, 101, "\x1b]0;title\x07from the builder"),
        "not from Nix",
    )
    assert told == [
        Line(text="warning: a", important=True),
        Line(text="b", important=True),
        Line(text="these 2 derivations will be built:", important=False),
        Line(text=f"building '{DRV['one']}'...", important=False),
        Line(text="\x1b]0;title\x07from the builder", important=False),
        Line(text="not from Nix", important=True),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "@nix ",
        "@nix {",
        "@nix []",
        "@nix 3",
        '@nix {"action": "start"}',
        '@nix {"action": "stop", "id": 9}',
        '@nix {"action": "result", "id": 9, "type": 105, "fields": [1]}',
        '@nix {"action": "result", "id": 9, "type": 105, "fields": ["x", null, 1, 2]}',
        '@nix {"action": "msg", "level": "x", "msg": null}',
        '@nix {"action": "of another version", "id": 1}',
        "\x00\x1b",
        "@nix " + "[" * 100000,
    ],
)
def test_nothing_that_is_read_makes_it_fail(text):
    work, _ = read(text)
    assert work == Work()


FAILED = f"\x1b[31;1merror:\x1b[0m builder for '\x1b[35;1m{DRV['one']}\x1b[0m' failed with exit code 3"


def test_a_build_that_fails_while_others_go_on_is_told_at_once_with_its_log():
    begun = [start(1, BUILD, DRV["one"]), start(2, BUILD, DRV["two"])]
    log = [result(1, 101, f"line {number}") for number in range(12)]
    _, told = read(*begun, *log, stop(1), message(FAILED))
    notes = [line.text for line in told if line.note]
    assert (
        notes[0] == "one could not be built: builder failed with exit code 3. Other builds go on. The end of its log:"
    )
    assert notes[1:] == [f"  line {number}" for number in range(2, 12)]
    _, told = read(begun[0], *log, stop(1), message(FAILED))
    assert [line for line in told if line.note] == []


def test_several_processes_are_added_up():
    works = (Work(builds=(1, 2), building=("a",), line="x"), Work(builds=(0, 3), paths=(1, 1), fetched=(5, 9)))
    assert together(works) == Work(builds=(1, 5), paths=(1, 1), fetched=(5, 9), building=("a",), line="x")
    assert together(()) == Work()


@pytest.mark.parametrize(
    ("phase", "containers", "work", "processes", "shown"),
    [
        ("evaluate", (), Work(), 1, "Evaluating the definition (3s)"),
        ("evaluate", (), Work(), 3, "Evaluating the definition, with 3 processes (3s)"),
        ("evaluate", (), Work(builds=(0, 2)), 1, "Building: 0 of 2 built (3s)"),
        ("evaluate", (), Work(builds=(1, 2)), 3, "Evaluating and building: 1 of 2 built (3s)"),
        (
            "build",
            (),
            Work(builds=(1, 4), building=("hello", "\x1b[Jx"), line="cc\x1b -c"),
            1,
            "Building: hello, \\x1b[Jx; 1 of 4 built (3s) > cc\\x1b -c",
        ),
        (
            "build",
            (),
            Work(paths=(1, 3), fetched=(1 << 20, 5 << 20)),
            1,
            "Building: 1 of 3 fetched (1.0M of 5.0M) (3s)",
        ),
        ("build", (), Work(paths=(0, 1), builds=(0, 1)), 1, "Building: 0 of 1 built (3s)"),
        ("start", ("a", "b"), Work(), 0, "Waiting for the boot of a, b (3s)"),
        ("stop", tuple("abcdef"), Work(), 0, "Waiting for the end of a, b, c, d and 2 more (3s)"),
        ("destroy", ("a",), Work(), 0, "Removing: a (3s)"),
    ],
)
def test_the_line(phase, containers, work, processes, shown):
    assert describe(phase, containers, work, processes, 3.4) == shown


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_has_words(phase):
    assert describe(phase.value, (), Work(), 0, 0)[0].isupper()


# --- at a terminal -------------------------------------------------------------------------------------------------


class Screen:
    """A terminal of its own, whose output is read to its end."""

    def __init__(self):
        self.ours, self.theirs = pty.openpty()
        self.seen = b""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        self.shown = threading.Event()

    def _read(self):
        while True:
            try:
                new = os.read(self.ours, 4096)
            except OSError:
                return
            self.seen += new
            if b"Waiting" in self.seen:
                self.shown.set()

    def close(self):
        os.close(self.theirs)
        self._reader.join()
        os.close(self.ours)
        return self.seen.decode()


@pytest.fixture
def screen(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    return Screen()


def test_the_line_is_drawn_after_a_moment_and_nothing_of_it_stays(screen):
    progress = TerminalProgress(screen.theirs)
    with progress.phase("start", ("web",)):
        assert screen.shown.wait(30)
        with progress.paused():
            os.write(screen.theirs, b"a line of its own\r\n")
    text = screen.close()
    assert "Waiting for the boot of web" in text
    assert "\x1b[2K" in text.rpartition("Waiting")[2]  # it is erased
    assert "\x1b[?25l" not in text  # the cursor stays, since whoever is killed cannot bring it back
    assert "a line of its own" in text


def test_who_waits_for_a_moment_only_sees_nothing(screen):
    progress = TerminalProgress(screen.theirs)
    for _ in range(20):
        with progress.phase("start", ("web",)), progress.phase("stop", ("web",)):
            pass
    assert screen.close() == ""


def test_a_terminal_that_only_prints_shows_nothing(screen, monkeypatch):
    monkeypatch.setenv("TERM", "dumb")
    monkeypatch.setattr("extra_container.cli.waiting.progress._PATIENCE_SECONDS", 0)
    progress = TerminalProgress(screen.theirs)
    with progress.phase("start", ("web",)):
        progress._timer.join()
    assert screen.close() == ""


def test_an_error_ends_the_line(screen):
    progress = TerminalProgress(screen.theirs)

    def interrupted():
        with progress.phase("start", ("web",)):
            assert screen.shown.wait(30)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert progress.line() == ""
    screen.close()


class Watched:
    def __init__(self):
        self.works = []

    def process(self):
        from contextlib import nullcontext

        return nullcontext(self.works.append)


def followed(tmp_path, script):
    program = tmp_path / "nix-build"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return FollowedRunner(progress=Watched(), environment={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"})


def test_what_is_told_is_what_somebody_has_to_know_and_the_result_has_all(tmp_path):
    script = "\n".join(
        f"printf '%s\\n' '{line}' >&2"
        for line in (message("warning: x", 1), message("will be built", 3), result(9, 101, "output"))
    )
    runner, told = followed(tmp_path, script + '\necho "$@"; exit 3'), []
    done = runner.stream([str(tmp_path / "nix-build"), "x.nix"], on_stderr=told.append)
    assert told == ["warning: x"]
    assert (done.returncode, done.stderr) == (3, "warning: x\nwill be built\noutput\n")
    assert done.stdout == "x.nix --log-format internal-json\n"
    assert "--log-format" not in done.argv


def test_who_chooses_a_form_of_the_log_gets_it(tmp_path):
    runner, told = followed(tmp_path, 'echo "$@" >&2'), []
    runner.stream([str(tmp_path / "nix-build"), "--log-format", "raw"], on_stderr=told.append)
    assert told == ["--log-format raw"]


@pytest.mark.parametrize("words", [("--quiet",), ("--log-format", "json"), ("-v",), ("--log-file", "log")])
def test_nothing_is_drawn_for_who_wants_a_log_or_quiet(words, tmp_path):
    code = (
        "import sys; from extra_container.cli.options import Options; from extra_container.cli.parser import"
        " global_parser; from extra_container.cli.output.messages import Messages;"
        "options = Options.of(global_parser().parse_args(sys.argv[1:]));"
        "print(Messages(options, sys.stdout, sys.stderr).progress())"
    )

    def shown(*words):
        ours, theirs = pty.openpty()
        argv = [sys.executable, "-c", code, *words]
        done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, stderr=theirs, text=True, cwd=tmp_path)
        os.close(theirs)
        os.close(ours)
        return done.stdout

    assert shown(*words) == "None\n"
    assert re.match(r"<.*TerminalProgress", shown())
