"""Errors of Nix as several versions print them: what is told of them, and whose fault they are.

``nix_messages/VERSION/CASE.txt`` is all that ``nix-build`` of this version printed on stderr.
"""

import re
from pathlib import Path

import pytest

from extra_container.model.values import Base, BaseKind, Definition, ExpressionSource, FileSource
from extra_container.nix.blame import lacking
from extra_container.nix.errors import build_error
from extra_container.process import Completed

MESSAGES = Path(__file__).with_name("nix_messages")
VERSIONS = sorted(path.name for path in MESSAGES.iterdir())
FILE = FileSource(path=Path("/home/me/web.nix"))
TEXT = ExpressionSource(text="{}", origin="--expr")
BASE = Base(kind=BaseKind.NIXPKGS, expression="<foo>", option="--nixpkgs-path")


def told(stderr, *words, source=FILE, log=()):
    done = Completed(argv=("/usr/bin/nix-build", *words), returncode=1, stdout="", stderr=stderr)
    definition = Definition(source=source, base=BASE, build_args=words)
    return build_error(done, definition, lambda _derivation: log, lambda _paths: ())


def error(*lines, source=FILE):
    return told("\n".join(lines), source=source)


def message(version, case):
    return (MESSAGES / version / f"{case}.txt").read_text()


def without_hash(text):
    """Return a text without the first line of all errors and without the hashes of store paths."""
    first, _, rest = text.partition("\n")
    assert first == "The definition could not be built:"
    return re.sub(r"/nix/store/[a-z0-9]{32}-", "/nix/store/", rest)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "derivation", "reason"),
    [
        ("builder", "f", "builder failed with exit code 1"),
        ("two-deep", "f", "builder failed with exit code 1"),
        ("build-in-an-evaluation", "f", "builder failed with exit code 1"),
        ("signal", "f", "builder failed due to signal 9 (Killed)"),
        ("no-output", "f", "builder failed to produce output path for output 'out'"),
        ("no-build-output", "f", "builder failed with exit code 3"),
        ("platform", "p", {"2.34": "platform mismatch"}),
        ("download-in-a-build", "x.tar", "unable to download 'http://127.0.0.1:9/x.tar': "),
        ("hash-mismatch", "h", "hash mismatch"),
    ],
)
def test_the_derivation_that_failed_is_named_with_the_reason(version, case, derivation, reason):
    if isinstance(reason, dict):
        reason = reason.get(
            version, "a 'riscv64-linux' with features {} is required to build it, but I am a 'x86_64-li"
        )
    failed = told(message(version, case), log=["configuring", "boom"])
    first = without_hash(failed.message).splitlines()[0]
    assert first.startswith(f"  /nix/store/{derivation}.drv: {reason}")
    assert failed.details["derivation"].endswith(f"-{derivation}.drv")
    assert failed.details["reason"].startswith(reason)
    assert "show-trace" not in str(failed.hint)
    assert lacking(failed, FILE) is None


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["builder", "two-deep", "signal"])
def test_the_end_of_the_log_is_told_and_where_all_of_it_is(version, case):
    failed = told(message(version, case), log=[f"line {number}" for number in range(40)])
    assert without_hash(failed.message).splitlines()[1:] == [
        "  Its log ends:",
        *(f"    line {number}" for number in range(30, 40)),
    ]
    assert failed.hint == f"`nix-store --read-log {failed.details['derivation']}` shows the whole log."
    assert failed.details["log"] == [f"line {number}" for number in range(30, 40)]


@pytest.mark.parametrize("version", VERSIONS)
def test_without_a_log_there_is_no_hint_at_it(version):
    failed = told(message(version, "two-deep"))
    assert without_hash(failed.message) == "  /nix/store/f.drv: builder failed with exit code 1"
    assert failed.hint is None


@pytest.mark.parametrize("version", VERSIONS)
def test_log_lines_that_nix_repeats_stand_in_for_a_log_that_is_not_kept(version):
    failed = told(message(version, "no-build-output"))
    assert failed.details["log"] == [f"line {number}" for number in range(30, 40)]


@pytest.mark.parametrize("version", VERSIONS)
def test_every_failure_is_named(version):
    failed = told(message(version, "keep-going"), "--keep-going", log=["boom1"])
    assert without_hash(failed.message).splitlines() == [
        "  /nix/store/f1.drv: builder failed with exit code 1",
        "  Its log ends:",
        "    boom1",
        "  /nix/store/f2.drv: builder failed with exit code 1",
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_both_hashes_are_told(version):
    failed = told(message(version, "hash-mismatch"), log=["noise"])
    assert without_hash(failed.message).splitlines()[1:] == [
        "    specified: sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        "       got:    sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=",
    ]
    assert "put the hash that it has into the definition" in failed.hint


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("case", ["download-in-a-build", "download-in-an-evaluation"])
def test_a_download_that_failed(version, case):
    failed = told(message(version, case))
    assert "unable to download 'http://127.0.0.1:9/x.tar'" in failed.message
    assert failed.hint == "Check the address, and whether this machine reaches it."
    assert lacking(failed, FILE) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_build_that_takes_too_long(version):
    """Newer versions only name what depends on it."""
    expected = "etc.drv: a dependency failed: timed out" if version == "2.34" else "f.drv: timed out"
    assert without_hash(told(message(version, "timeout")).message) == f"  /nix/store/{expected} after 1 seconds"


def test_errors_that_a_builder_prints_are_not_those_of_nix():
    stderr = message("2.34", "two-deep").replace("boom\n", "error: expected ';'\n   12 | foo\nmake: *** [all]\n")
    failed = told(stderr)
    assert without_hash(failed.message) == "  /nix/store/f.drv: builder failed with exit code 1"


BEFORE_2_4 = """\
builder for '/nix/store/0a-f.drv' failed with exit code 1
cannot build derivation '/nix/store/0b-etc.drv': 1 dependencies couldn't be built
error: build of '/nix/store/0b-etc.drv' failed
"""


def test_a_failure_as_nix_told_it_before_2_4():
    failed = told(BEFORE_2_4)
    assert failed.message.splitlines()[1:] == ["  /nix/store/0a-f.drv: builder failed with exit code 1"]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("missing-attribute", ["attribute 'b' missing", "at /home/me/web.nix:1:65:"]),
        ("throw", ["no way"]),
        ("syntax", ["syntax error, unexpected '}'", "at /home/me/web.nix:1:18:"]),
        ("assertion", ["Failed assertions:", "- containers.a b: not a usable name: 1 to 63 letters"]),
    ],
)
def test_of_an_evaluation_only_the_error_and_the_users_place_are_told(version, case, expected):
    failed = told(message(version, case))
    for line in expected:
        assert line in failed.message
    assert "/lib/extra_container" not in failed.message
    assert "show-trace" not in failed.message
    assert failed.hint == "`--build-args --show-trace` shows how Nix got there."


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("words", [("--show-trace",), ("--option", "show-trace", "true")])
def test_a_trace_that_was_asked_for_is_told_in_full(version, words):
    text = message(version, "syntax-show-trace")
    failed = told(text, *words)
    said = [line.strip() for line in failed.message.splitlines()[1:]]
    assert said == [line.strip() for line in text.splitlines()]
    assert failed.hint is None
    assert lacking(failed, FILE) is None


@pytest.mark.parametrize("version", VERSIONS)
def test_a_trace_does_not_change_who_is_to_blame(version):
    """Before the error or after it, a trace leads through the definition whoever is to blame."""
    text = message(version, "syntax-show-trace").replace("syntax error, unexpected '}'", "attribute 'timeZone' missing")
    text = text.replace("at /home/me/web.nix:1:18:", "at /nixpkgs/x.nix:1:18:")
    text += "\n       … while evaluating\n         at /home/me/web.nix:1:1:\n" if version == "2.8" else ""
    assert lacking(told(text, "--show-trace"), FILE) == "timeZone"


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("case", "expected", "hint"),
    [
        ("not-in-the-search-path", "--nixpkgs-path: <foo> was not found in the Nix search path", "NIX_PATH"),
        (
            "no-nixpkgs",
            "--nixpkgs-path: /nonexist does not exist",
            "It takes the path of a nixpkgs, as Nix expression.",
        ),
    ],
)
def test_a_base_that_is_none(version, case, expected, hint):
    failed = told(message(version, case))
    assert failed.message == expected
    assert hint in failed.hint
    assert lacking(failed, FILE) is None


@pytest.mark.parametrize(
    ("lines", "missing"),
    [
        (["error: attribute 'timeZone' missing", "", "  at /nix/nixpkgs/nixos/modules/x.nix:1:2:"], "timeZone"),
        (["error: The option `system.foo' does not exist. In `/nixpkgs/nixos/modules/y.nix'"], "system.foo"),
        (
            ["error: getting status of '/nixpkgs/a.nix': No such file"],
            "getting status of '/nixpkgs/a.nix': No such file",
        ),
    ],
)
def test_what_the_tree_lacks(lines, missing):
    assert lacking(error(*lines), FILE) == missing


@pytest.mark.parametrize(
    ("line", "source"),
    [
        ("error: syntax error, unexpected '}'", FILE),
        ("error: attribute 'hello' missing at /home/me/web.nix:3:1", FILE),
        ("error: attribute 'hello' missing at «string»:1:1", TEXT),
        ("error: The option `containerz' defined in `--expr' does not exist.", TEXT),
        ("error: The option `containers.web.services.foo' defined in `<unknown-file>' does not exist.", FILE),
        ("error: Failed assertions: - no", FILE),
        ("error: file 'mine' was not found in the Nix search path", FILE),
    ],
)
def test_what_the_definition_is_to_blame_for(line, source):
    assert lacking(error(line, source=source), source) is None


TRACE = """\
error:
       … while evaluating the attribute 'etc'
         at /lib/extra_container/nix/etc.nix:95:3:
           54|       throw "\\nFailed assertions:"
       … while evaluating definitions
         at /home/me/web.nix:7:5:
            7|     services.web.enable = true;
       … while calling a function
         at /nixpkgs/lib/modules.nix:1:1:

       error: attribute 'timeZone' missing
       at /nixpkgs/nixos/modules/x.nix:3:4:
"""


def test_of_a_trace_only_the_error_and_the_users_own_place_are_told():
    failed = told(TRACE)
    assert failed.message.splitlines() == [
        "The definition could not be built:",
        "  attribute 'timeZone' missing",
        "  at /nixpkgs/nixos/modules/x.nix:3:4:",
        "  at /home/me/web.nix:7:5",
    ]
    assert "--show-trace" in failed.hint


def test_a_trace_through_the_definition_does_not_blame_it():
    assert lacking(told(TRACE), FILE) == "timeZone"


def test_a_silent_failure_names_the_program_and_its_code():
    assert told("killed\n").message == "The definition could not be built:\n  killed\n  nix-build ended with code 1"
