"""Somebody else's command that does what the shipped one around a container does, with the public API alone."""

import pytest

# A host that starts nothing, and a command with everything that a command can declare.
SANDBOX = """
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from extra_container.plugin import Host, Session, hookimpl
from extra_container.plugin_command import DefinitionCommand, build, create_built, destroy, require_success
from extra_container.testing import FakeManager


@hookimpl
def ec_detect_host(root):
    here = Path(__file__).parent
    return Host(
        name="sandbox", manager=FakeManager(), unit_directory=here / "units", conf_directory=here / "conf",
        gc_roots=here / "gcroots", runtime_directory=here / "run", state_directory=here / "var",
    )


@hookimpl
def ec_session(state):
    return Session(environment={"BOX": state.result.containers[0].name}, help=("BOX  the container",))


class Sandbox(DefinitionCommand):
    "A container that lives as long as a command."

    runs_containers = True
    reads_stdin = False
    default_for_build = True
    rest_options = MappingProxyType({"--exec": "runs a command beside a container"})
    kept_variables = ("SANDBOX",)
    topic, place = "From a definition", 35
    try_it = "extra-container sandbox ./web.nix --exec ls"

    def take_action(self, parsed_args):
        request = replace(self.request(parsed_args), start=True)
        with self.context() as context, ExitStack() as kept:
            result = build(request, context, kept)
            names = tuple(container.name for container in result.containers)
            state = create_built(request, result, context)
            try:
                require_success(state)
                session = context.hooks.session(state, request, context.host)
                self.app.stdout.write(f"{dict(session.environment)['BOX']}: {parsed_args.exec}\\n")
            finally:
                destroy(names, context, "sandbox")
        return 0
"""
ONE = "{ containers.box = {}; }"


@pytest.fixture
def sandbox(site):
    """The program with that command, and without the one that is shipped."""
    site.add("other-shell", SANDBOX, sandbox="")
    entry_points = site.path / "other_shell-1.2.dist-info/entry_points.txt"
    entry_points.write_text(entry_points.read_text() + "[extra_container.commands]\nsandbox = other_shell:Sandbox\n")

    def run(*argv, **environment):
        return site.run("--host", "sandbox", "--disable-plugin", "shell", *argv, **environment)

    run.path = site.path
    return run


def test_the_rest_of_the_line_is_the_commands_own(sandbox):
    done = sandbox("sandbox", "--base", "host", "-E", ONE, "--exec", "ls", "-v", "--build-args", "--", "-h")
    assert (done.code, done.out.splitlines()[-1:]) == (0, ["box: ('ls', '-v', '--build-args', '--', '-h')"]), done.err
    assert list((sandbox.path / "units").iterdir()) == []


def test_words_for_nix_end_where_the_command_begins(sandbox):
    done = sandbox("sandbox", "--base", "host", "-E", ONE, "--build-args", "--option", "cores", "1", "--exec", "ls")
    assert (done.code, done.out.splitlines()[-1:]) == (0, ["box: ('ls',)"]), done.err


def test_a_build_in_the_environment_needs_no_command(sandbox):
    built = sandbox("build", "--base", "host", "-E", ONE).out.strip()
    done = sandbox("--exec", "ls", EXTRA_CONTAINER_ETC=built)
    assert (done.code, done.out.splitlines()[-1:]) == (0, ["box: ('ls',)"]), done.err


def test_stdin_is_no_definition(sandbox):
    done = sandbox("sandbox", "-")
    assert done.code == 2
    assert "Reading container config from STDIN is not supported for command 'sandbox'" in done.err


def test_who_gives_the_option_to_another_command_is_told_whose_it_is(sandbox):
    done = sandbox("create", "-E", ONE, "--exec", "ls")
    assert done.code == 2
    assert done.err == (
        "Error: create has no option --exec\n`extra-container sandbox` runs a command beside a container.\n"
    )


def test_what_is_undone_is_named_with_the_same_words(sandbox):
    done = sandbox("destroy", "--base", "host", "-E", ONE, "--exec", "ls", "-v")
    assert (done.code, done.out) == (0, "Destroying containers:\nbox\n"), done.err


def test_it_stands_in_the_overview(sandbox):
    done = sandbox("help")
    lines = done.out.splitlines()
    assert (
        lines.index("From a definition:")
        < lines.index("  sandbox         A container that lives as long as a command.")
        < lines.index("Installed containers:")
    )
    assert "  extra-container sandbox ./web.nix --exec ls" in lines
