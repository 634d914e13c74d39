"""What Nix prints, in all versions that are known, cut, doubled and mixed with what builders print."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from extra_container.evaluations import strace
from extra_container.model.errors import ExtraContainerError
from extra_container.model.values import Base, BaseKind, Definition, ExpressionSource
from extra_container.nix import build_failure, path_info, switch, trace
from extra_container.nix.errors import build_error
from extra_container.process import Completed
from extra_container.progress.activity import Decoder
from tests.fuzz.inputs import TEXT, documents_like, fuzzed, lines_like

MESSAGES = Path(__file__).parents[1] / "unit/nix_messages"
KNOWN = [path.read_text() for path in sorted(MESSAGES.glob("*/*.txt"))]
DEFINITION = Definition(
    source=ExpressionSource(text="{}", origin="--expr"),
    base=Base(kind=BaseKind.NIXPKGS, expression="<foo>", option="--nixpkgs-path"),
    build_args=(),
)


@fuzzed
@given(lines_like(*KNOWN))
def test_an_error_of_nix_is_told_whatever_it_says(text):
    done = Completed(argv=("/usr/bin/nix-build",), returncode=1, stdout="", stderr=text)
    error = build_error(done, DEFINITION, lambda _derivation: (), lambda _paths: ())
    assert isinstance(error, ExtraContainerError)
    assert error.message.strip()


@fuzzed
@given(lines_like(*KNOWN))
def test_failures_and_traces_are_found_in_any_text(text):
    lines = text.splitlines()
    for failure in build_failure.failures(lines):
        assert failure.derivation is not None
    found = trace.read(lines)
    assert found is None or isinstance(found.reason, str)


START = {
    "action": "start",
    "id": 1,
    "level": 3,
    "type": 105,
    "text": "building",
    "fields": ["/nix/store/a.drv", "", 1, 1],
}
RESULT = {"action": "result", "id": 1, "type": 105, "fields": [1, 2, 3, 4]}
MESSAGE = {"action": "msg", "level": 0, "msg": "error: builder for '/nix/store/a.drv' failed"}


@fuzzed
@given(
    st.lists(
        st.one_of(
            TEXT,
            *[documents_like(one).map(lambda text: f"@nix {text}") for one in (START, RESULT, MESSAGE)],
            documents_like({"action": "stop", "id": 1}).map(lambda text: f"@nix {text}"),
        ),
        max_size=8,
    )
)
def test_a_log_in_json_is_followed_whatever_it_says(lines):
    decoder = Decoder()
    for line in lines:
        for told in decoder.read(line):
            assert isinstance(told.text, str)
        work = decoder.work
        assert work.builds[0] >= 0


INFO = [{"path": "/nix/store/a", "narSize": 12, "references": ["/nix/store/b"]}]
INFO_2 = {"version": 2, "storeDir": "/nix/store", "info": {"a": {"narSize": 12, "references": ["b"]}}}


@fuzzed
@given(st.one_of(documents_like(INFO), documents_like(INFO_2)))
def test_sizes_of_paths_are_understood_or_refused(text):
    try:
        found = path_info.parse(text)
    except ValueError:
        return
    assert all(isinstance(info.size, int) for info in found.values())


SWITCH = """activating the configuration...
would stop the following units: a.service, b.service
would NOT restart the following changed units: c.service
Pre-switch check 'switchInhibitors' failed
Usage: switch-to-configuration [switch|boot]
"""


@fuzzed
@given(lines_like(SWITCH), st.integers(0, 255), st.booleans())
def test_what_a_switch_says_is_understood_whatever_it_is(text, code, switched):
    update = switch.Update(name="demo", code=code, output=tuple(text.splitlines()), switched=switched)
    assert isinstance(switch.rehearsal_of(update, update), switch.Rehearsal)
    if switch.outcome_of(update) is switch.Outcome.FAILED:
        assert switch.failure_of(update).message


STRACE = """12 execve("/usr/bin/nix-instantiate", ["nix-instantiate"], 0x7ffe /* 20 vars */) = 0
12 openat(AT_FDCWD, "/etc/x", O_RDONLY|O_CLOEXEC) = 3</etc/x>
12 newfstatat(AT_FDCWD, "/y\\303\\244", 0x7ffe, AT_SYMLINK_NOFOLLOW) = -1 ENOENT (No such file or directory)
12 getdents64(3</etc>, [{d_ino=1, d_name="a"}], 32768) = 24
13 openat(AT_FDCWD, "/z" <unfinished ...>
13 <... openat resumed>, O_RDONLY) = 4
12 +++ exited with 0 +++
"""


def test_what_strace_writes_is_understood_or_refused(tmp_path):
    @fuzzed
    @given(lines_like(STRACE))
    def trace_of_an_evaluation(text):
        file = tmp_path / "trace"
        file.write_text(text, encoding="utf-8", errors="surrogatepass")
        try:
            found = strace.read(file, "/usr/bin/nix-instantiate")
        except strace.UnreadableTraceError:
            return
        assert isinstance(found.calls, tuple)

    trace_of_an_evaluation()
