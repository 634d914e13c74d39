"""Where a definition comes from."""

import os

import pytest

from extra_container.cli import sources
from extra_container.model.errors import UsageError
from extra_container.model.values import BuiltSource, ExpressionSource, FileSource


def find(**changes):
    asked = {
        "expression": None,
        "positional": None,
        "environment": {},
        "read_stdin": lambda: "{ stdin = 1; }",
        "command": "create",
    }
    return sources.find(**{**asked, **changes})


def test_expression_wins_over_everything(tmp_path):
    found = find(expression="{}", positional=str(tmp_path), environment={"EXTRA_CONTAINER_ETC": str(tmp_path)})
    assert found == ExpressionSource(text="{}", origin="--expr")


def test_a_file_becomes_absolute(tmp_path, monkeypatch):
    (tmp_path / "c.nix").write_text("{}")
    monkeypatch.chdir(tmp_path)
    assert find(positional="c.nix") == FileSource(path=tmp_path / "c.nix")


def test_a_directory_with_default_nix_is_a_definition(tmp_path):
    (tmp_path / "default.nix").write_text("{}")
    (tmp_path / "etc").mkdir()
    assert find(positional=str(tmp_path)) == FileSource(path=tmp_path)


def test_a_directory_with_etc_is_a_build(tmp_path):
    (tmp_path / "etc").mkdir()
    assert find(positional=str(tmp_path)) == BuiltSource(path=tmp_path)


def test_the_environment_names_a_build(tmp_path):
    (tmp_path / "etc").mkdir()
    assert find(environment={"EXTRA_CONTAINER_ETC": str(tmp_path)}) == BuiltSource(path=tmp_path)


@pytest.mark.parametrize("positional", [None, "-"])
def test_stdin(positional):
    assert find(positional=positional) == ExpressionSource(text="{ stdin = 1; }", origin="stdin")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"positional": "/nonexistent/c.nix"}, "/nonexistent/c.nix does not exist"),
        ({"positional": "/dev/zero"}, "/dev/zero is no regular file"),
        ({"positional": "/proc"}, "neither default.nix nor etc/"),
        ({"environment": {"EXTRA_CONTAINER_ETC": "/proc"}}, "/proc holds no etc/"),
        ({"read_stdin": lambda: " \n"}, "stdin is empty"),
        (
            {"command": "shell", "read_stdin": None},
            "Reading container config from STDIN is not supported for command 'shell'",
        ),
        (
            {"command": "shell", "read_stdin": None, "positional": "-"},
            "Reading container config from STDIN is not supported",
        ),
    ],
)
def test_what_is_refused(changes, message):
    with pytest.raises(UsageError, match=message):
        find(**changes)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a b", ("a b",)),
        ("a.b", ("a", "b")),
        ('a."b c"', ("a", "b c")),
        ('"a.b".c', ("a.b", "c")),
        (r'"a\"b"', ('a"b',)),
        ("''${x}", ("''${x}",)),
    ],
)
def test_attribute_paths(text, path):
    assert sources.parse_attribute_path(text) == path


@pytest.mark.parametrize("text", ["a.", ".a", "a..b", '"a', 'a"b'])
def test_bad_attribute_paths(text):
    with pytest.raises(UsageError):
        sources.parse_attribute_path(text)


@pytest.mark.parametrize("place", ["c.nix", "default.nix"])
def test_a_fifo_is_not_waited_for(tmp_path, place):
    os.mkfifo(tmp_path / place)
    given = tmp_path / place if place == "c.nix" else tmp_path
    with pytest.raises(UsageError, match=f"{tmp_path}/{place} is no regular file"):
        find(positional=str(given))


def test_a_name_in_an_error_can_do_nothing_to_the_terminal(tmp_path):
    with pytest.raises(UsageError) as caught:
        find(positional=f"{tmp_path}/a\nError: \x1b[31m")
    assert caught.value.message == rf"{tmp_path}/a\x0aError: \x1b[31m does not exist"


def test_stdin_that_is_no_text():
    with pytest.raises(UsageError, match="NUL character"):
        find(read_stdin=lambda: "{ a = 1; }\0")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (
            {"expression": '{\n  a = "\udce9";\n}'},
            "The definition from --expr is not text in UTF-8: byte 0xe9 in line 2",
        ),
        ({"read_stdin": lambda: "\udcff"}, "The definition on stdin is not text in UTF-8: byte 0xff in line 1"),
    ],
)
def test_a_definition_that_is_no_text(given, message):
    with pytest.raises(UsageError) as caught:
        find(**given)
    assert caught.value.message == message
    assert "iconv" in caught.value.hint
