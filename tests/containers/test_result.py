"""Result documents of commands that change something."""

import json
import subprocess

import pytest

from tests.containers.conftest import BOOTED
from tests.schemas import result


@pytest.fixture
def names(tool, name):
    """Four names; what is left of their containers is destroyed."""
    chosen = [f"{name}{letter}" for letter in "abcd"]
    yield chosen
    tool("destroy", *chosen)


def definition(names, broken=(), text="a"):
    flags = 'extraFlags = [ "--no-such-flag" ];'
    parts = [
        f'containers.{name} = {{ config.environment.etc.x.text = "{text}"; {flags * (name in broken)} }};'
        for name in names
    ]
    return f"{{ {' '.join(parts)} }}"


def by_name(document):
    return {container["name"]: container for container in document["containers"]}


def actions(container):
    return [action["action"] for action in container["actions"]]


def test_four_containers_of_which_one_fails(tool, names):
    *good, bad = names
    done = tool("create", "-s", "-f", "json", "-E", definition(names, [bad]), code=4)
    document = result(done.out)
    assert (document["command"], document["code"], document["error"]["kind"]) == ("create", 4, "container")
    assert "Starting containers:" in done.err
    found = by_name(document)
    for name in good:
        one = found[name]
        assert (one["state"], one["change"], one["changed"], one["error"]) == ("up", "new", True, None)
        assert (one["asked"], actions(one)) == (["install", "start"], ["install", "start"])
        assert tool("status", name).out == "up\n"
    lost = found[bad]
    assert (lost["state"], lost["left"], lost["error"]["kind"]) == ("gone", "removed", "container")
    assert any("no-such-flag" in line for line in (lost["error"]["message"], *lost["error"]["details"]))
    assert document["build"]["path"].startswith("/nix/store/")

    again = result(tool("create", "-s", "-f", "json", "-E", definition(good)).out)
    assert {(one["change"], one["changed"], one["state"]) for one in again["containers"]} == {
        ("unchanged", False, "up")
    }

    first, *others = good
    text = definition([first], text="b")
    updated = by_name(result(tool("create", "-u", "--json", "-E", text).out))[first]
    assert (updated["change"], actions(updated)) == ("system", ["install", "update"])
    assert 0 < updated["actions"][1]["seconds"] < 60

    restarted = by_name(result(tool("restart", "-f", "json", first).out))[first]
    assert (actions(restarted), restarted["state"]) == (["stop", "start"], "up")
    started = by_name(result(tool("start", "-f", "json", first).out))[first]
    assert (started["changed"], started["state"]) == (False, "up")
    stopped = by_name(result(tool("stop", "-f", "json", *others).out))
    assert {(*actions(one), one["state"]) for one in stopped.values()} == {("stop", "down")}
    text = definition(good)
    gone = result(tool("destroy", "--json", "-E", text).out)
    assert [(one["name"], *actions(one), one["state"]) for one in gone["containers"]] == [
        (name, "destroy", "gone") for name in good
    ]


def test_what_fails_before_anything_happens(tool, name, tmp_path):
    file = tmp_path / "result.json"
    done = tool("create", "-f", "json", "--json-into", file, "-E", "{ containers.x = y; }", code=3)
    document = result(done.out)
    assert result(file.read_text()) == document
    assert (document["code"], document["containers"], document["error"]["kind"]) == (3, [], "build")
    assert "undefined variable 'y'" in document["error"]["message"]
    document = result(tool("start", "-f", "json", name, code=2).out)
    assert [(one["name"], one["state"]) for one in document["containers"]] == [(name, "gone")]
    assert document["error"]["kind"] == "usage"
    document = result(tool("destroy", "-f", "json", name).out)
    assert (document["containers"][0]["changed"], document["warnings"][0]["message"][:13]) == (False, "The container")


def test_text_and_document_at_once(tool, name, tmp_path):
    file = tmp_path / "result.json"
    text = definition([name])
    built = tool("build", "--json-into", file, "-E", text)
    document = result(file.read_text())
    assert built.out == f"{document['build']['path']}\n"
    assert [one["name"] for one in document["containers"]] == [name]
    derivation = tool("build", "--drv", "-E", text).out.strip()
    document = result(tool("build", "--drv", "-f", "json", "-E", text).out)
    assert (document["build"]["derivation"], document["build"]["path"]) == (derivation, None)


def test_with_a_log_on_stderr_both_are_lines_of_json(tool, name):
    done = tool("--log-format", "json", "create", "-f", "json", "-E", definition([name]))
    document = result(done.out)
    assert {json.loads(line)["run"] for line in done.err.splitlines()} == {document["run"]}
    assert tool("-q", "destroy", "-f", "json", name).err == ""


def test_a_reader_that_went_away(tool, name):
    words = [*tool.command_line("create", "-f", "json", "-E", definition([name]))]
    done = subprocess.run(
        ["bash", "-c", '"$@" | true; echo "${PIPESTATUS[0]}"', "bash", *words],
        check=True, capture_output=True, text=True, env=tool.environment, cwd=tool.directory,
    )  # fmt: skip
    assert done.stdout == "141\n"
    assert name in tool("list").out.split()


def test_a_file_that_cannot_be_written_is_told_before_anything_happens(tool, name, tmp_path):
    done = tool("create", "--json-into", tmp_path / "no" / "file", "-E", definition([name]), code=2)
    assert f"The file {tmp_path}/no/file cannot be opened" in done.err
    assert name not in tool("list").out.split()


def test_a_session_has_no_document(tool, name):
    done = tool("shell", "-f", "json", "-E", definition([name]), "--run", "true", code=2)
    assert "shell has no result document" in done.err


def test_a_session_has_nothing_to_go_back_to(tool, name):
    done = tool("shell", "-E", f"{{ containers.{name} = {{ }}; }}", "--rollback-on-failure", "--run", "true", code=2)
    assert done.err.startswith("Error: Unknown option: --rollback-on-failure\n")


def test_escapes_stay_what_they_are(tool, name):
    text = f"""{{ containers.{name}.config.environment.etc.x.source = builtins.derivation {{
      name = "x"; system = builtins.currentSystem; builder = "/bin/sh";
      args = [ "-c" "printf 'a\\\\033[31mred\\\\n' >&2; exit 1" ];
    }}; }}"""
    done = tool("create", "-f", "json", "-E", text, code=3)
    assert result(done.out)["error"]["details"] == ["a\x1b[31mred"]
    assert "\x1b" not in done.out + done.err


def test_names_and_definitions_are_told_apart_also_behind_the_options(tool, name, tmp_path):
    (tmp_path / "c.nix").write_text(definition([name]))
    for words in (["-f", "json", "./c.nix"], ["--json", f"--json-into={tmp_path}/r", "./c.nix"], ["./c.nix", "--json"]):
        assert [one["name"] for one in result(tool("destroy", *words).out)["containers"]] == [name]
    assert [one["name"] for one in result(tool("destroy", name, "--json").out)["containers"]] == [name]


@pytest.mark.skipif(not BOOTED, reason="needs a container that does not stop, which systemd has")
def test_one_that_does_not_stop_keeps_no_other_from_its_restart(tool, names):
    stuck, other = names[:2]
    tool("create", "-s", "-E", definition([stuck, other]))
    drop_in = f"/run/systemd/system/container@{stuck}.service.d"
    script = f"""
      mkdir -p {drop_in}
      printf '[Unit]\\nRefuseManualStop=yes\\n' > {drop_in}/stuck.conf
      systemctl daemon-reload
    """
    subprocess.run(["bash", "-euc", script], check=True)
    try:
        document = result(tool("restart", "-f", "json", stuck, other, code=4).out)
    finally:
        subprocess.run(["bash", "-euc", f"rm -r {drop_in}; systemctl daemon-reload"], check=True)
    found = by_name(document)
    assert (found[stuck]["state"], found[stuck]["error"]["kind"]) == ("up", "container")
    assert (actions(found[other]), found[other]["state"], found[other]["error"]) == (["stop", "start"], "up", None)
