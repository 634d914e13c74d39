"""The parsers under atheris, which is led by the lines that an input reaches; `dev/fuzz atheris` runs it."""

import sys

import atheris

with atheris.instrument_imports(include=["extra_container"]):
    from extra_container.cli.sources import parse_attribute_path
    from extra_container.enter import cgroups
    from extra_container.journals import entry, happenings, moments
    from extra_container.model import layout, plain
    from extra_container.model.errors import ExtraContainerError
    from extra_container.nix import build_failure, path_info, trace
    from extra_container.progress.activity import Decoder
    from extra_container.state import addresses, unit
    from extra_container.state.environment_file import parse_environment_file
    from extra_container.systemd import conditions, console, machined, systemctl
    from extra_container.trees.mounts import parse_mounts

import datetime as dt
from pathlib import Path

NOW = dt.datetime(2026, 11, 26, tzinfo=dt.UTC)
OURS = '{"__REALTIME_TIMESTAMP":"1","_UID":"0","MESSAGE_ID":"%s","EXTRA_CONTAINER_EVENT":"containers.destroyed",%s'


def known_mounts(text):
    """Parse what is a table of mounts as far as the kernel would write one: fields, and their separator."""
    lines = [line for line in text.encode("utf-8", "surrogatepass").split(b"\n") if line]
    whole = b"\n".join(
        b"1 1 8:1 /%s /%s rw - ext4 x rw" % (line.replace(b" ", b""), line.replace(b" ", b"")) for line in lines
    )
    parse_mounts(whole)
    cgroups.parse_mounts(whole)


PARSERS = (
    parse_environment_file,
    parse_attribute_path,
    known_mounts,
    lambda text: systemctl.parse_show(["demo"], text),
    machined.parse_machines,
    console.console_lines,
    conditions.parse_unmet,
    lambda text: entry.parse(text, "demo", entry.Author.CONTAINER),
    lambda text: list(happenings.happenings([text, OURS % (happenings.MESSAGE_ID, text)])),
    moments.span,
    lambda text: moments.since(text, NOW),
    lambda text: layout.container_root(text, Path("/etc/nixos-containers"), "demo"),
    lambda text: addresses.network_of({"INTERFACES": text}, text),
    unit.restart_triggers,
    plain.plain,
    lambda text: build_failure.failures(text.splitlines()),
    lambda text: trace.read(text.splitlines()),
    path_info.parse,
    lambda text: [*map(Decoder().read, text.splitlines())],
)


def one_input(data):
    provider = atheris.FuzzedDataProvider(data)
    parser = PARSERS[provider.ConsumeIntInRange(0, len(PARSERS) - 1)]
    try:
        parser(provider.ConsumeUnicode(4096))
    except (ExtraContainerError, ValueError):
        return  # it is refused


if __name__ == "__main__":
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
