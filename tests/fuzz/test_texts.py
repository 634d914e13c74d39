"""What the host's programs and the kernel write, and what people type."""

import datetime as dt
import os
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from extra_container.cli.sources import parse_attribute_path
from extra_container.enter import cgroups
from extra_container.journals import entry as journal
from extra_container.journals import happenings, moments
from extra_container.model import layout, plain
from extra_container.model.errors import ExtraContainerError, UsageError
from extra_container.state import addresses, names, unit
from extra_container.state.environment_file import parse_environment_file
from extra_container.systemd import conditions, console, machined, systemctl
from extra_container.trees.mounts import parse_mounts
from tests.fuzz.inputs import CHARACTERS, TEXT, WORD, documents_like, fuzzed, lines_like

VALUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=40)
VARIABLE = st.from_regex(r"[A-Z_][A-Z0-9_]{0,10}", fullmatch=True)


@fuzzed
@given(st.dictionaries(VARIABLE, VALUE, max_size=6), st.data())
def test_a_conf_says_what_was_written(variables, data):
    """As systemd's documentation says that values are quoted."""
    lines = []
    for name, value in variables.items():
        quoted = re.sub(r'(["\\`$])', r"\\\1", value)
        written = {"double": f'"{quoted}"'}
        if "'" not in value:
            written["single"] = f"'{value}'"
        if re.fullmatch(r"[A-Za-z0-9/:.,-]+", value):
            written["bare"] = value
        lines += [
            data.draw(st.sampled_from(["", "# A=b", "; A=b"])),
            f"{name}={data.draw(st.sampled_from([*written.values()]))}",
        ]
    assert parse_environment_file("\n".join(lines)) == variables


@fuzzed
@given(lines_like("PRIVATE_NETWORK=1\nHOST_ADDRESS=10.0.0.1\nEXTRA_NSPAWN_FLAGS=\" --bind=/a:/b\"\nA='b' \\\n# c\\"))
def test_any_text_can_be_a_conf(text):
    found = parse_environment_file(text)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in found)
    assert "\n" not in addresses.network_of(found, text).description


UNIT = """[Unit]
X-Restart-Triggers=/nix/store/a /nix/store/b
[Service]
Environment=root=/var/lib/nixos-containers/demo
ExecStart=/nix/store/x/bin/start %i
"""


@fuzzed
@given(lines_like(UNIT, 'Environment="root=/a b"\n--network-veth-extra=a:b\n--network-zone=z'))
def test_any_text_can_be_a_unit(text):
    assert isinstance(unit.restart_triggers(text), tuple)
    assert isinstance(layout.container_root(text, Path("/etc/nixos-containers"), "demo"), Path)
    assert addresses.network_of({}, text).description


PATH = st.binary(min_size=1, max_size=20).filter(lambda path: b"\0" not in path)


def escaped(path):
    """Write a path as the kernel does in mountinfo; see proc_pid_mountinfo(5)."""
    return b"".join(b"\\%03o" % byte if byte in b" \t\n\\" else bytes([byte]) for byte in path)


@fuzzed
@given(
    st.lists(st.tuples(PATH, PATH, st.lists(st.sampled_from([b"shared:1", b"master:2", b"unbindable"]), max_size=3)))
)
def test_mounts_are_read_as_the_kernel_writes_them(mounts):
    table = b"".join(
        b"%d 1 8:1 /%s /%s rw,noatime %s- ext4 /dev/sda rw\n"
        % (number, escaped(root), escaped(point), b"".join(b"%s " % tag for tag in tags))
        for number, (root, point, tags) in enumerate(mounts)
    )
    found = parse_mounts(table)
    assert [(mount.number, os.fsencode(mount.root), os.fsencode(mount.point)) for mount in found] == [
        (number, os.fsencode(Path(os.fsdecode(b"/" + root))), os.fsencode(Path(os.fsdecode(b"/" + point))))
        for number, (root, point, _) in enumerate(mounts)
    ]
    assert cgroups.parse_mounts(table) == {}


SHOW = """Id=container@demo.service
LoadState=loaded
ActiveState=active
SubState=running
Result=success
FragmentPath=/etc/systemd/system/container@demo.service
Job=0
MainPID=12
NRestarts=0
NeedDaemonReload=no
InactiveExitTimestampMonotonic=12
ActiveEnterTimestampMonotonic=15
StateChangeTimestamp=Thu 2026-11-26 10:13:05 UTC
"""


@fuzzed
@given(lines_like(SHOW), st.integers(1, 2))
def test_systemctl_show_is_understood_or_refused(text, count):
    try:
        facts = systemctl.parse_show(["demo", "other"][:count], text)
    except ExtraContainerError as error:
        assert "systemctl" in error.message
    else:
        assert len(facts) == count
        assert all(isinstance(fact.state.at_rest, bool) for fact in facts.values())
        assert all(fact.since is None or isinstance(fact.since, float) for fact in facts.values())


MACHINES = {"type": "a(ssso)", "data": [[["demo", "container", "nspawn", "/org/freedesktop/machine1/machine/demo"]]]}


@fuzzed
@given(documents_like(MACHINES))
def test_what_machined_answers_is_understood_or_refused(text):
    try:
        found = machined.parse_machines(text)
    except ExtraContainerError as error:
        assert "machined" in error.message
    else:
        assert all(isinstance(name, str) for name in found)


@fuzzed
@given(
    lines_like("ConditionPathExists=!/run/x\nConditions=[unprintable]", "\x1b[0;32m  OK  \x1b[0m] Started a.service")
)
def test_consoles_and_conditions_are_text_alone(text):
    for line in console.console_lines(text):
        assert "\n" not in line
    assert isinstance(conditions.parse_unmet(text), tuple)


JOURNAL = {
    "__REALTIME_TIMESTAMP": "1795688240381184", "MESSAGE": "started", "PRIORITY": "6", "_PID": "12", "_UID": "0",
    "SYSLOG_IDENTIFIER": "systemd", "MESSAGE_ID": "39f53479d3a045ac8e11786248231fbf", "UNIT": "container@demo.service",
    "_SYSTEMD_UNIT": "init.scope", "__CURSOR": "s=1", "_COMM": [1, 2, 3],
}  # fmt: skip
LINE = {
    "event": "containers.destroyed",
    "names": ["demo"],
    "container": "demo",
    "code": 0,
    "left": "removed",
    "run": "1",
}


@fuzzed
@given(documents_like(JOURNAL))
def test_entries_of_a_journal_that_somebody_forged(text):
    found = journal.parse(text, "demo", journal.Author.CONTAINER)
    if found is not None:
        assert isinstance(journal.as_text(found), str)
        journal.for_people(found)
        as_json = journal.as_json(found)
        again = journal.from_json(dict(as_json))
        assert again is None or again.message == found.message


@fuzzed
@given(st.lists(st.one_of(documents_like(JOURNAL), documents_like(LINE)), max_size=3), documents_like(LINE))
def test_happenings_in_a_journal_that_somebody_forged(lines, line):
    ours = {**JOURNAL, "MESSAGE_ID": happenings.MESSAGE_ID, "EXTRA_CONTAINER_EVENT": "containers.destroyed"}
    import json

    forged = json.dumps({**ours, "EXTRA_CONTAINER_JSON": line})
    for happening in happenings.happenings([*lines, forged]):
        if happening is not None:
            json.dumps(dict(happenings.as_json(happening)))


@fuzzed
@given(st.lists(st.text(CHARACTERS, min_size=1, max_size=8), min_size=1, max_size=4))
def test_an_attribute_path_in_quotes_is_what_it_says(parts):
    text = ".".join('"{}"'.format(re.sub(r'(["\\])', r"\\\1", part)) for part in parts)
    assert parse_attribute_path(text) == tuple(parts)


@fuzzed
@given(st.one_of(TEXT, WORD))
def test_attribute_paths_are_understood_or_refused(text):
    try:
        found = parse_attribute_path(text)
    except UsageError as error:
        assert "attribute path" in error.message or "ends with a dot" in error.message
    else:
        assert all(found) or '""' in text


@fuzzed
@given(st.one_of(TEXT, WORD, st.text(st.sampled_from("aZ09-_."), max_size=130)))
def test_no_name_leads_out_of_its_place(name):
    if names.creatable(name):
        assert names.known(name)
    if names.known(name):
        place = Path("/var/lib/nixos-containers")
        assert (place / name).parent == place
        assert os.path.normpath(place / name) == f"{place}/{name}"
        assert layout.container_of_unit(layout.unit_name(name)) == name
        assert not name.startswith("-")
        assert plain.one_line(name) == name


@fuzzed
@given(TEXT)
def test_foreign_text_is_harmless_for_a_terminal(text):
    shown = plain.plain(text)
    assert plain.plain(shown) == shown
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e]", shown)
    assert len(plain.one_line(text).splitlines()) <= 1
    shown.encode()


@fuzzed
@given(st.one_of(WORD, st.from_regex(r"[0-9]{1,30}(ms|s|min|h|d|w|M|y)?", fullmatch=True), TEXT))
def test_spans_and_moments_are_understood_or_refused(text):
    now = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
    for read in (moments.span, lambda text: moments.since(text, now)):
        try:
            assert isinstance(read(text), float | int)
        except (UsageError, ValueError) as error:
            assert isinstance(error, UsageError | ValueError)
