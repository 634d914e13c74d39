"""Settings in files: of the host and of the user, for options and for plugins."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import pytest

from extra_container import settings
from extra_container.cli.grammar import defaults
from extra_container.cli.grammar.aliases import names_of
from extra_container.model.errors import UsageError
from extra_container.plugin import BuildInputs, hookimpl
from extra_container.testing import fake_host, hooks_with, make_request


@pytest.fixture
def files(tmp_path):
    """Return what writes the host's file and the user's, and reads them."""
    host, own = tmp_path / "etc.toml", tmp_path / "home/.config/extra-container/config.toml"

    def write(host_text=None, own_text=None):
        for path, text in ((host, host_text), (own, own_text)):
            if text is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return settings.read({"HOME": str(tmp_path / "home")}, host)

    return write


def test_without_files_nothing_is_set(files):
    assert list(files()) == []
    assert list(settings.read({}, Path("/nothing-here"))) == []


def test_the_users_file_counts_for_more_key_by_key(files, tmp_path):
    found = files(
        '[options.create]\nstart = true\nmemory = "1G"\n[plugins.greeting]\ntext = "hi"\n',
        '[options.create]\nmemory = "2G"\n',
    )
    assert found.of("options", "create") == {"start": True, "memory": "2G"}
    assert found.of("plugins", "greeting") == {"text": "hi"}
    assert found.of("plugins", "other") == {}
    assert found.file_of("options", "create", "start") == tmp_path / "etc.toml"
    assert found.file_of("options", "create", "memory").is_relative_to(tmp_path / "home")
    assert [place for place, _, _ in found] == [
        ("options", "create", "memory"),
        ("options", "create", "start"),
        ("plugins", "greeting", "text"),
    ]


def test_an_alias_has_the_settings_of_its_command_and_its_own(files, tmp_path):
    found = files('[options.create]\nstart = true\nset = "a"\n[options.add]\nset = "b"\n[options.build]\nattr = "x"\n')
    host = tmp_path / "etc.toml"
    assert names_of("add") == ("create", "add")
    assert found.of_options(names_of("add")) == {"start": (True, host), "set": ("b", host)}
    assert found.of_options(names_of("create")) == {"start": (True, host), "set": ("a", host)}
    assert found.of_options(names_of("list")) == {}


def test_xdg_config_home(tmp_path):
    assert settings.files({"HOME": "/h", "XDG_CONFIG_HOME": "/x"})[1] == Path("/x/extra-container/config.toml")
    assert settings.files({}) == (settings.HOST_FILE,)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a = ", "is no TOML: Invalid value"),
        ("[network]\nx = 1\n", "has a table 'network'"),
        ("options = 1\n", "options holds a value, not a table"),
        ("[options]\nstart = true\n", "options holds a value, not a table"),
        ("\udc80", "is no TOML"),
    ],
)
def test_what_cannot_be_understood_is_named(files, tmp_path, text, message):
    (tmp_path / "etc.toml").write_text(text, errors="surrogateescape")
    with pytest.raises(UsageError, match=message) as caught:
        files()
    assert str(tmp_path / "etc.toml") in caught.value.message


def test_a_file_that_cannot_be_read(files, tmp_path):
    (tmp_path / "etc.toml").mkdir()
    with pytest.raises(UsageError, match=r"etc\.toml cannot be read: Is a directory"):
        files()


def parser():
    made = argparse.ArgumentParser()
    made.add_argument("-s", "--start", action="store_true")
    made.add_argument("--memory")
    made.add_argument("--count", type=int)
    made.add_argument("--base", choices=["auto", "host"], default="auto")
    made.add_argument("--many", action="append", default=[])
    made.add_argument("--from", type=Path)
    return made


def test_settings_are_defaults_of_options():
    made = parser()
    options = {"start": True, "memory": "1G", "count": 3, "base": "host", "many": ["a", "b"], "from": "/x", "odd": 1}
    assert defaults.put((made,), options) == ("odd",)
    parsed = vars(made.parse_args([]))
    assert parsed == {
        **{name: value for name, value in options.items() if name not in {"odd", "from"}},
        "from": Path("/x"),
    }
    assert made.parse_args(["--memory", "2G", "--base", "auto"]).memory == "2G"


@pytest.mark.parametrize(
    "options",
    [
        {"start": "yes"},
        {"start": 1},
        {"count": "x"},
        {"base": "moon"},
        {"memory": ["x"]},
        {"memory": True},
        {"many": [{}]},
    ],
)
def test_what_an_option_would_not_take_is_refused(options):
    with pytest.raises(UsageError, match=f"--{next(iter(options))} "):
        defaults.put((parser(),), options)


class Greeting:
    @hookimpl
    def ec_before_build(self, settings, memory):
        memory["text"] = settings["text"]

    @hookimpl
    def ec_build_inputs(self, request, memory):
        return BuildInputs(values={request.command: memory["text"]})


class Other:
    @hookimpl
    def ec_before_build(self, memory):
        assert memory == {}


def test_hooks_may_take_settings_and_a_memory_for_one_run(tmp_path):
    hooks, host = hooks_with(Greeting(), Other(), settings={"text": "hi"}), fake_host(tmp_path)
    hooks.before_build(make_request(), host)
    assert dict(hooks.build_inputs(make_request(), host).values) == {"create": "hi"}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
def test_a_directory_that_one_may_not_enter_has_nothing(tmp_path):
    """As the home of root, which is HOME for who gave up being root."""
    code = (
        "import os, sys; from pathlib import Path; from extra_container import settings, model; import tomllib; "
        "os.setgroups([]); os.setgid(65534); os.setuid(65534); "
        "print(list(settings.read({'HOME': sys.argv[1]}, Path('/nonexistent'))))"
    )
    (tmp_path / ".config/extra-container").mkdir(parents=True)
    (tmp_path / ".config/extra-container/config.toml").write_text("x")
    tmp_path.chmod(0o700)
    done = subprocess.run([sys.executable, "-c", code, tmp_path], check=True, capture_output=True, text=True)
    assert done.stdout == "[]\n"
