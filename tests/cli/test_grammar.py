"""Help, completion and manual pages say the same, and words that are nearly right are told from words that are not."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from extra_container.cli.app import ExtraContainer
from extra_container.cli.grammar import man, reading
from extra_container.cli.grammar.nearest import option_hint, suggestion
from extra_container.cli.parser import Meaning, Parser
from extra_container.hooks import bundled
from tests.cli.test_completion import complete, completion  # noqa: F401 -- a fixture

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(sys.executable).with_name("extra-container")


def tree():
    app = ExtraContainer()
    app.invocation.plugins.use(bundled.load())
    return reading.program(app)


TREE = tree()
WHOLE = [node for node in TREE.walk() if node.path]


def names_of_options(text):
    return set(re.findall(r"(?<![\w-])--?[A-Za-z][\w-]*", text))


def shown_by_help(node):
    """Return the options that the help has in front of their texts."""
    argv = [PROGRAM, *node.path, "--help"]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    lines = [line for line in done.stdout.splitlines() if re.match(r"  -", line)]
    return {name for line in lines for name in names_of_options(line.partition("   ")[0])}


def shown_by_the_page(node):
    text = (ROOT / "docs/man" / f"{man.page_name(node.path[0])}.1").read_text().replace(r"\-", "-")
    if len(node.path) > 1:
        text = text.partition(f".Sh {node.name.upper()}\n")[2].partition("\n.Sh ")[0]
    elif node.words:
        text = text.partition("\n.Sh PLUGINS ")[0]
    found = re.findall(r"^\.It (Fl .*)$", text, re.MULTILINE)
    return {f"-{name}" for line in found for name in re.findall(r"Fl (\S+)", line)}


@pytest.mark.parametrize("node", [node for node in WHOLE if node.path != ("add",)], ids=lambda node: node.name)
def test_help_completion_and_manual_agree(node, completion):  # noqa: F811 -- the fixture
    options = {name for option in node.options for name in option.names}
    assert shown_by_help(node) == options
    assert shown_by_the_page(node) == options
    assert set(complete(completion, *node.path, "-")) == options


def test_the_overview_and_completion_have_the_same_commands_and_options(completion):  # noqa: F811 -- the fixture
    overview = subprocess.run([PROGRAM, "help"], check=True, capture_output=True, text=True).stdout
    commands, _, after = overview.partition("Global options")
    named = set(re.findall(r"^  ([a-z][\w-]+) ", commands, re.MULTILINE)) | {"add"}
    assert set(complete(completion, "")) == named == set(TREE.words)
    assert names_of_options(after.partition("Try it")[0]) | {"-h", "--help"} == set(complete(completion, "-"))


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/man/*.1")), ids=lambda page: page.stem)
def test_a_page_has_a_summary_and_no_line_that_is_taken_for_something_else(page):
    lines = page.read_text().splitlines()
    if lines[0].startswith(".so "):
        assert (page.parents[1] / "man" / Path(lines[0].removeprefix(".so ")).name).exists()
        return
    assert any(re.match(r"\.Nd [a-z]", line) for line in lines)
    known = {
        ".Dd",
        ".Dt",
        ".Os",
        ".Sh",
        ".Ss",
        ".Nm",
        ".Nd",
        ".Op",
        ".Ar",
        ".Cm",
        ".Bl",
        ".It",
        ".El",
        ".Bd",
        ".Ed",
        ".Pp",
    }
    macros = {line.split()[0] for line in lines if line.startswith((".", "'"))}
    assert macros <= known | {".Xr", r".\""}


def test_a_text_that_roff_would_take_for_something_else():
    parser = Parser(prog="extra-container it", description=".Nm is\n\n'quoted' \\fB `x` ^~ -")
    parser.add_argument("-x", metavar="Ar", help=".starts with a dot …")
    page = man.page(reading.node_of(parser, ("it",), frozenset()), "November 1, 2026")
    assert r"\&.Nm is" in page
    assert r"\&\(aqquoted\(aq \efB \(gax\(ga \(ha\(ti \-" in page
    assert ".It Fl x Ar \\&Ar\n\\&.starts with a dot \\[u2026]\n" in page


@pytest.mark.parametrize("node", WHOLE, ids=lambda node: node.name)
def test_every_name_can_be_completed(node):
    of_new = node.path == ("plugins", "new")
    names = [operand for operand in node.operands if operand.metavar == "NAME"]
    assert of_new or not [operand for operand in names if operand.meaning is Meaning.TEXT]


@pytest.mark.parametrize(
    ("word", "near"),
    [("creat", "create"), ("crate", "create"), ("destrou", "destroy"), ("pluginn", "plugins"), ("stats", "status")],
)
def test_a_command_that_was_meant(word, near):
    assert suggestion(word, TREE.words) == f"Did you mean `{near}`? "


@pytest.mark.parametrize("word", ["", "x", "update", "zzz", "-", "é"])
def test_a_command_that_nobody_can_guess(word):
    assert suggestion(word, TREE.words) == ""


def test_options_that_were_meant():
    known, before = ["--start", "--base", "-s"], ["--quiet", "-q"]
    assert option_hint("--strat", known, before, "create") == "Did you mean `--start`? "
    assert option_hint("--bsae=host", known, before, "create") == "Did you mean `--base`? "
    assert option_hint("--quiet", known, before, "create") == "--quiet stands before the command create. "
    assert option_hint("-z", known, before, "create") == ""
    assert option_hint("", known, before, "create") == ""


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["creat"], "Did you mean `create`? See `extra-container help`."),
        (["help", "creat"], "Did you mean `create`? See `extra-container help`."),
        (["create", "--strat", "x"], "Did you mean `--start`? See `extra-container create --help`."),
        (["list", "--quiet"], "--quiet stands before the command list. See `extra-container list --help`."),
        (["plugins", "list", "--josn"], "Did you mean `--json`? See `extra-container plugins --help`."),
        (["destroy", "--al", "web"], "Did you mean `--all`? See `extra-container destroy --help`."),
        (["--verbos", "list"], "Did you mean `--verbose`? See `extra-container --help`."),
        (["stop", "web", "--al"], "See `extra-container stop --help`."),
    ],
)
def test_the_error_says_what_may_have_been_meant(shell, words, hint):
    shell.environment["PATH"] = str(shell.programs)
    assert shell.run(*words) == 2
    assert shell.err.splitlines()[1].startswith(hint), shell.err


def test_the_whole_command_line_can_be_read_with_a_command_that_cannot_be_loaded(shell, monkeypatch):
    def broken(self, argv):
        from extra_container.model.errors import PluginError

        raise PluginError("no")

    monkeypatch.setattr("extra_container.cli.registry.Registry.find_command", broken)
    app = ExtraContainer()
    assert set(reading.program(app).words) == set(TREE.words)
