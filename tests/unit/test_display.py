"""Results of commands in every format, on the terminal and in a file."""

import argparse
import importlib.metadata
import json
import os
import shlex
import subprocess
import sys

import pytest
import yaml  # noqa: TID253 -- the program loads it when it is asked for

from extra_container.cli.output import formats
from extra_container.plugin import ExtraContainerError, UsageError
from extra_container.plugin_command import ListCommand, NamesCommand, ShowCommand
from extra_container.testing import call_command, fake_host

NESTED = {"units": ["a.service", "b.service"], "memory": {"now": 1, "most": None}}


class Things(ListCommand):
    """List things."""

    needs_root = False
    rows = (("b", 2, NESTED, ["x", "y"]), ("a", 10, {}, []), ("c", None, {}, []))

    def take_action(self, parsed_args):
        return ("name", "size", "nested", "tags"), iter(self.rows)


class Lines(Things):
    """List things, a line each."""

    def text(self, columns, data, parsed_args):
        return "".join(f"<{name}>\n" for name, *_ in data)


class Nothing(Lines):
    """List nothing."""

    rows = ()


class Thing(ShowCommand):
    """Show a thing."""

    needs_root = False

    def take_action(self, parsed_args):
        return ("name", "some-text", "nested"), ("a", '"$(id)" `id` \\', NESTED)


@pytest.fixture
def call(tmp_path):
    return lambda command, *words: call_command(command, *map(str, words), host=fake_host(tmp_path)).out


def test_nested_values_are_values_in_json_and_yaml(call):
    rows = json.loads(call(Things, "-f", "json"))
    assert rows[0] == {"name": "b", "size": 2, "nested": NESTED, "tags": ["x", "y"]}
    assert yaml.safe_load(call(Things, "-f", "yaml")) == rows
    assert json.loads(call(Things, "--json")) == rows
    assert json.loads(call(Thing, "-f", "json"))["nested"] == NESTED
    assert yaml.safe_load(call(Thing, "-f", "yaml"))["nested"] == NESTED


def test_nested_values_are_json_where_there_is_only_text(call):
    nested = json.dumps(NESTED)
    assert call(Things, "-f", "value", "-c", "name", "-c", "nested").splitlines()[0] == f"b {nested}"
    assert call(Things, "-f", "csv", "-c", "tags").splitlines() == ['"tags"', '"[""x"", ""y""]"', '"[]"', '"[]"']
    assert "| b    | x, y |" in call(Things, "-c", "name", "-c", "tags")


def test_what_is_not_there_keeps_its_column(call):
    assert call(Things, "-f", "value", "-c", "name", "-c", "size", "-c", "tags").splitlines()[2] == "c - []"
    assert call(Things, "-f", "csv", "-c", "name", "-c", "size").splitlines()[3] == '"c",""'
    assert "None" not in call(Things)


def test_text_of_the_command_where_no_format_is_asked_for(call):
    assert call(Lines) == "<b>\n<a>\n<c>\n"
    for words in (("-f", "table"), ("-c", "name"), ("--sort-column", "name")):
        assert call(Lines, *words).startswith("+--")


def test_sorted_rows(call):
    assert call(Things, "-f", "value", "-c", "name", "--sort-column", "size") == "b\na\nc\n"
    assert call(Things, "-f", "value", "-c", "name", "--sort-column", "NAME", "--sort-descending") == "c\nb\na\n"


@pytest.mark.parametrize("words", [("-c", "Colour"), ("-c", "name", "-c", "Colour"), ("--sort-column", "Colour")])
def test_a_column_that_there_is_not(call, words):
    with pytest.raises(UsageError, match="There is no column Colour") as error:
        call(Lines, *words)
    assert error.value.hint == "Columns: name, size, nested, tags."


def test_nothing_to_show(call):
    assert call(Nothing, "-f", "json") == "[]\n"
    assert yaml.safe_load(call(Nothing, "-f", "yaml")) == []
    assert call(Nothing) == call(Nothing, "-f", "table") == call(Nothing, "-f", "value") == ""


def test_variables_of_the_shell_hold_what_the_fields_hold(call):
    script = call(Thing, "-f", "shell", "--prefix", "x_") + 'printf %s "$x_some_text"'
    done = subprocess.run(["sh", "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout == '"$(id)" `id` \\'


def test_text_and_a_document_at_once(call, tmp_path):
    file = tmp_path / "things.json"
    file.write_text("[of an earlier run]" * 100)
    assert call(Lines, "--json-into", file) == "<b>\n<a>\n<c>\n"
    assert json.loads(file.read_text()) == json.loads(call(Lines, "-f", "json"))
    call(Things, "--json-into", file, "-f", "csv", "-c", "name", "--sort-column", "name")
    assert json.loads(file.read_text()) == [{"name": "a"}, {"name": "b"}, {"name": "c"}]
    call(Thing, "--json-into", file)
    assert json.loads(file.read_text())["nested"] == NESTED


def test_the_document_goes_to_whoever_reads_a_fifo(call, tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    with pytest.raises(UsageError, match="fifo cannot be opened: No such device or address"):
        call(Things, "--json-into", fifo)
    end = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
    call(Things, "--json-into", fifo)
    text = os.read(end, 1 << 16)
    os.close(end)
    assert json.loads(text)[0]["name"] == "b"


def test_a_file_that_cannot_be_opened_is_told_before_anything_is_done(call, tmp_path):
    class Failing(Things):
        """Fail."""

        def take_action(self, parsed_args):
            raise AssertionError

    for path in (tmp_path, tmp_path / "not-there" / "x"):
        with pytest.raises(UsageError, match="cannot be opened"):
            call(Failing, "--json-into", path)


def test_a_run_that_fails_leaves_no_document_of_an_earlier_one(call, tmp_path):
    class Failing(Things):
        """Fail."""

        def take_action(self, parsed_args):
            raise UsageError("It fails")

    file = tmp_path / "things.json"
    call(Things, "--json-into", file)
    with pytest.raises(UsageError, match="It fails"):
        call(Failing, "--json-into", file)
    assert file.read_text() == ""


def test_a_document_that_cannot_be_written(call):
    with pytest.raises(ExtraContainerError, match="Writing to /dev/full failed: No space left on device"):
        call(Things, "--json-into", "/dev/full")


def test_terminal_escapes_stay_in_documents_as_escapes(call, tmp_path):
    class Foreign(Things):
        """List foreign text."""

        rows = (("\x1b[2J\x7f\u202e\udc80", 1, {}, []),)

    file = tmp_path / "things.json"
    text = call(Foreign, "--json", "--json-into", file)
    assert text == file.read_text()
    assert text.isascii()
    assert not [c for c in text if c != "\n" and not c.isprintable()]
    assert json.loads(text)[0]["name"] == Foreign.rows[0][0]
    assert yaml.safe_load(call(Foreign, "-f", "yaml"))[0]["name"].startswith("\x1b[2J")


def test_bases_for_names_work_beside_those_for_results(call):
    class Both(ListCommand, NamesCommand):
        """Take names, list them."""

        needs_root = False

        def take_action(self, parsed_args):
            return ("name",), [(name,) for name in self.checked_names(parsed_args)]

    assert json.loads(call(Both, "a", "b", "--json")) == [{"name": "a"}, {"name": "b"}]


def test_a_plugin_may_choose_its_format_and_its_exit_code(tmp_path):
    class Own(Things):
        """List as values."""

        formatter_default = "value"
        exit_code = 10

    called = call_command(Own, "-c", "name", host=fake_host(tmp_path))
    assert (called.code, called.out) == (10, "b\na\nc\n")


@pytest.mark.parametrize("lists", [True, False])
def test_the_options_are_those_of_the_frameworks_formatters(lists):
    parser = argparse.ArgumentParser(add_help=False)
    found = importlib.metadata.entry_points(group="cliff.formatter.list" if lists else "cliff.formatter.show")
    for entry_point in found:
        entry_point.load()().add_argument_group(parser)
    ours = argparse.ArgumentParser(add_help=False)
    formats.add_options(ours, lists=lists)
    known = vars(ours.parse_args([]))
    assert vars(parser.parse_args([])).items() <= known.items()
    assert {entry_point.name for entry_point in found} == set(formats.LISTS if lists else formats.RECORDS)
    flags = {flag for action in parser._actions for flag in action.option_strings}
    assert flags <= {flag for action in ours._actions for flag in action.option_strings}


@pytest.mark.parametrize(
    ("words", "loaded"),
    [
        ("--quiet list", set()),
        ("plugins", set()),
        ("plugins -f json", set()),
        ("plugins -f yaml", {"yaml"}),
        ("plugins -f table", {"prettytable"}),
    ],
)
def test_a_formatter_is_loaded_when_it_is_asked_for(words, loaded):
    code = "import sys; from extra_container.cli import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    argv = [sys.executable, "-c", code, *shlex.split(words)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    assert {"yaml", "prettytable"} & set(done.stderr.split()) == loaded
