"""Which container, option and line an error of an evaluation belongs to, and how it is told."""

from pathlib import Path

import pytest

from extra_container.model.values import Definition, ExpressionSource, FileSource
from extra_container.nix import mistakes, option_names, place, trace
from extra_container.nix.blame import is_of_nixpkgs, lacking
from extra_container.nix.errors import NixError, build_error
from extra_container.nix.place import Located
from extra_container.nix.trace import Position
from extra_container.process import Completed

FILE = "/home/me/web.nix"
SOURCE = FileSource(path=Path(FILE))
HOST_NAME = ("containers", "web", "config", "networking", "hostName")

# As Nix 2.8 and as newer ones print the same error.
INSIDE_OUT = """\
error: not like this

       … while evaluating the option `containers.web.networking.hostName':

       … while evaluating definitions from `/tree/nixos/modules/x.nix':

       … while evaluating the option `containers.web.environment.etc':

       … while evaluating the option `containers.web.path':

       at /tree/nixos/modules/virtualisation/nixos-containers.nix:1:2:

            1| x
             | ^

       … while evaluating the option `environment.etc."nixos-containers/web.conf".text':
"""
OUTSIDE_IN = """\
error:
       … while evaluating the option `environment.etc."nixos-containers/web.conf".text':

       … while evaluating the option `containers.web.path':
         at /tree/nixos/modules/virtualisation/nixos-containers.nix:1:2:
            1| x
             | ^

       … while evaluating the option `containers.web.environment.etc':

       … while evaluating definitions from `/tree/nixos/modules/x.nix':

       … while evaluating the option `containers.web.networking.hostName':

       (17 duplicate frames omitted)

       error: not like this
"""


def failure(text):
    found = trace.read(text.splitlines())
    assert found is not None
    return found


def at(line, column=3, file=FILE):
    return Position(file=file, line=line, column=column)


def locating(known):
    """Return a look-up in a definition that sets the options ``known``: from path to position."""

    def locate(paths):
        found = []
        for path in paths:
            depth = max((n for n in range(len(path) + 1) if any(one[:n] == path[:n] for one in known)), default=0)
            places = tuple(position for one, position in known.items() if depth and one[:depth] == path[:depth])
            found.append(Located(depth=depth, places=places))
        return found

    return locate


def told(text, known, source=SOURCE):
    done = Completed(argv=("nix-build",), returncode=1, stdout="", stderr=text)
    return build_error(done, Definition(source=source), lambda _derivation: (), locating(known))


@pytest.mark.parametrize("text", [INSIDE_OUT, OUTSIDE_IN])
def test_a_trace_is_read_from_the_error_on(text):
    read = failure(text)
    assert read.reason == "not like this"
    assert [step.option for step in read.steps if step.option] == [
        "containers.web.networking.hostName",
        "containers.web.environment.etc",
        "containers.web.path",
        'environment.etc."nixos-containers/web.conf".text',
    ]


def test_the_word_error_in_a_message_begins_no_error():
    assert (
        failure("error: first\n       error: second\n\n       … while evaluating x\n").reason == "first\nerror: second"
    )


@pytest.mark.parametrize("text", [INSIDE_OUT, OUTSIDE_IN])
def test_the_innermost_option_that_the_user_set_is_named(text):
    assert told(text, {HOST_NAME: at(4)}).message.splitlines()[1:] == [
        "  not like this",
        "  in containers.web.config.networking.hostName",
        f"  at {FILE}:4:3",
    ]


@pytest.mark.parametrize("text", [INSIDE_OUT, OUTSIDE_IN])
def test_where_the_user_set_none_of_them_the_system_is_named_and_what_was_evaluated(text):
    assert told(text, {HOST_NAME[:3]: at(2)}).message.splitlines()[1:] == [
        "  not like this",
        "  in containers.web.config",
        "  while evaluating containers.web.config.networking.hostName",
        f"  at {FILE}:2:3",
    ]


@pytest.mark.parametrize("text", [INSIDE_OUT, OUTSIDE_IN])
def test_of_a_definition_that_cannot_be_looked_at_the_container_is_known(text):
    assert "in containers.web.config" in told(text, {}).message


def test_text_that_is_in_no_file_is_called_what_it_came_from():
    source = ExpressionSource(text="{ x = 1; }", origin="stdin")
    assert "at stdin:4:3" in told(INSIDE_OUT, {HOST_NAME: at(4, file=source.text)}, source=source).message
    assert "at stdin:7:8:" in told("error: syntax error\n\n       at «string»:7:8:\n", {}, source=source).message


@pytest.mark.parametrize(
    ("printed", "written"),
    [
        ("containers.web.services.nginx", "containers.web.config.services.nginx"),
        ('containers.web.environment.etc."a/b.c".text', 'containers.web.config.environment.etc."a/b.c".text'),
        ("containers.web.config.services.nginx", "containers.web.config.services.nginx"),
        ("containers.web.privateNetwork", "containers.web.privateNetwork"),
        ("containers.web.extra.addressPrefix", "containers.web.extra.addressPrefix"),
        ("containers.web.nixpkgs", "containers.web.nixpkgs"),
        ("containers.web.nixpkgs.config", "containers.web.config.nixpkgs.config"),
        ("containers.other.services.nginx", "containers.other.services.nginx"),
        ("services.nginx", "services.nginx"),
    ],
)
def test_options_are_named_as_the_user_writes_them(printed, written):
    assert option_names.shown(option_names.as_written(option_names.parse(printed), {"web"})) == written


def test_list_items_are_no_attributes():
    path = option_names.parse('containers.web.forwardPorts."[definition 1-entry 1]".hostPort')
    assert option_names.attributes(path) == ("containers", "web", "forwardPorts")


UNKNOWN = """\
error: The option `containers.web.services.x' does not exist. Definition values:
       - In `/tree/nixos/modules/virtualisation/nixos-containers.nix': true
       Did you mean `containers.web.services.y'?

       … while evaluating the option `containers.web.path':
"""


def test_inside_of_a_container_the_users_file_takes_the_place_of_nixpkgs():
    path = ("containers", "web", "config", "services", "x")
    assert told(UNKNOWN, {path: at(6)}).message.splitlines()[1:] == [
        "  The option `containers.web.config.services.x' does not exist. Definition values:",
        f"  - In `{FILE}': true",
        "  Did you mean `containers.web.config.services.y'?",
        f"  at {FILE}:6:3",
    ]


def test_every_place_of_a_conflict_is_told():
    text = "error: The option `containers.web.tmpfs' has conflicting definition values:\n"
    path = ("containers", "web", "tmpfs")
    definition = Definition(source=SOURCE)
    found = place.find(
        failure(text), definition, lambda paths: [Located(depth=len(one), places=(at(1), at(9))) for one in paths]
    )
    assert (found.option, found.positions) == (path, (at(1), at(9)))


@pytest.mark.parametrize(
    ("reason", "message", "hint"),
    [
        (
            "Package 'unrar-5' has an unfree license, refusing to evaluate.\n\na) To temporarily allow x",
            "Package 'unrar-5' has an unfree license, refusing to evaluate.",
            "To have it anyway, set nixpkgs.config.allowUnfree = true in containers.web.config.",
        ),
        (
            "Package 'a-1' is marked as insecure.\n\nKnown issues:\n - old\n\nYou can install it anyway by allowing x",
            "Package 'a-1' is marked as insecure.\n\nKnown issues:\n - old",
            'To have it anyway, set nixpkgs.config.permittedInsecurePackages = [ "a-1" ] in containers.web.config.',
        ),
        (
            "This version of Nixpkgs requires Nix >= 9, please upgrade:\n\n- If you are running NixOS, x",
            "This version of Nixpkgs requires Nix >= 9",
            "Install a newer Nix, or give an older nixpkgs with --nixpkgs-path.",
        ),
    ],
)
def test_a_known_mistake_is_told_without_what_is_for_other_tools(reason, message, hint):
    known = mistakes.recognise(reason, "containers.web.config")
    assert known is not None
    assert (known.message, known.hint, known.is_final) == (message, hint, True)


def test_what_fails_inside_of_a_container_is_never_lacking_on_the_host():
    text = INSIDE_OUT.replace("not like this", "attribute 'x' missing")
    assert lacking(told(text, {}), SOURCE) is None


@pytest.mark.parametrize("inside", [True, False])
def test_what_the_container_module_misses_is(inside):
    reason = "attribute 'x' missing\n\n       at /tree/nixos/modules/virtualisation/nixos-containers.nix:3:4:"
    error = told(INSIDE_OUT.replace("not like this", reason) if inside else f"error: {reason}\n", {})
    assert isinstance(error, NixError)
    assert lacking(error, SOURCE) == "x"
    assert is_of_nixpkgs(error)
