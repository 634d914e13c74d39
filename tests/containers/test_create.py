"""create, list, status, run, update, restart, destroy."""

import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from tests.containers.conftest import BOOTED, fetch, leftovers, web_service, write_definition


def boot_time(tool, name):
    """Return when the container's PID 1 began, which tells a restart from an update."""
    return tool("run", name, "--", "stat", "-c", "%Y %i", "/proc/1").out


def test_a_container_from_an_expression(tool, name):
    done = tool("create", "--start", "-E", f"{{ containers.{name} = {{}}; }}")
    assert done.out == f"\nInstalling containers:\n{name}\n\nStarting containers:\n{name}\n\n"
    assert "Building containers..." in done.err.splitlines()
    assert name in tool("list").out.splitlines()
    assert tool("status", name).out == "up\n"
    assert tool("run", name, "--", "hostname").out == f"{name}\n"
    tool("destroy", name)
    assert leftovers(name) == []
    assert tool("status", name, code=1).out == "gone\n"


def test_without_options_nothing_is_started(tool, name):
    assert "Starting" not in tool("create", "-E", f"{{ containers.{name} = {{}}; }}").out
    assert tool("status", name).out == "down\n"


def test_a_private_network_a_live_update_and_a_restart(tool, name, prefix, tmp_path):
    network = f'extra.addressPrefix = "{prefix}";'
    definition = write_definition(tmp_path / "c.nix", name, web_service("one"), network)
    tool("create", "--start", definition)
    address = tool("show-ip", name).out.strip()
    assert address == f"{prefix}.2"
    assert fetch(address) == "one"

    before = boot_time(tool, name)
    write_definition(definition, name, web_service("two"), network)
    done = tool("create", "--update-changed", definition)
    assert f"Updating containers:\n{name}\n\nUpdating {name}\n" in done.out
    assert fetch(address) == "two"
    assert boot_time(tool, name) == before

    done = tool("create", "--start", definition)
    assert done.out == f"\nInstalling containers:\n{name} (unchanged, skipped)\n\n"

    write_definition(definition, name, web_service("three"), network)
    assert f"Restarting containers:\n{name}\n" in tool("create", "--restart-changed", definition).out
    assert fetch(address) == "three"
    assert boot_time(tool, name) != before

    tool("restart", name)
    assert fetch(address) == "three"
    tool("destroy", definition)
    assert leftovers(name) == []


def test_the_host_network(tool, name, tmp_path):
    service = web_service("host").replace("50", "50437")
    tool("create", "--start", write_definition(tmp_path / "c.nix", name, service))
    assert fetch("127.0.0.1", port=50437) == "host"
    assert "has no address of its own" in tool("show-ip", name, code=1).err


def test_changed_options_restart(tool, name, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name)
    tool("create", "-s", definition)
    write_definition(definition, name, options='bindMounts."/data".hostPath = "/var/tmp";')
    assert f"Restarting containers:\n{name}\n" in tool("create", "-u", definition).out
    assert tool("run", name, "--", "ls", "-d", "/data").out == "/data\n"


def test_a_changed_restart_trigger_restarts(tool, name, tmp_path):
    def definition(key):
        return f"""{{ pkgs, ... }}: {{
          containers.{name} = {{ bindMounts."/run/key".hostPath = "{tmp_path}/key"; config = {{ }}; }};
          systemd.services."container@{name}".restartTriggers = [ (pkgs.writeText "key-version" "{key}") ];
        }}"""

    (tmp_path / "key").write_text("1")
    tool("create", "-s", "-E", definition(1))
    # Written anew, as secrets are: the old file stays bound until the container restarts.
    (tmp_path / "new").write_text("2")
    (tmp_path / "new").rename(tmp_path / "key")
    assert f"Restarting containers:\n{name}\n" in tool("create", "-s", "-E", definition(2)).out
    assert tool("run", name, "cat", "/run/key").out == "2"
    assert "unchanged, skipped" in tool("create", "-s", "-E", definition(2)).out


def test_updates_are_done_and_told_before_restarts(tool, name, request):
    new, old, web = names = [f"{name}{letter}" for letter in "now"]
    request.addfinalizer(lambda: tool("destroy", *names, code=None))

    def definition(system, path):
        return f"""{{
          containers.{old} = {{ bindMounts."/data".hostPath = "{path}"; config = {{ }}; }};
          containers.{web}.config.environment.etc.version.text = "{system}";
          {"" if system == "one" else f"containers.{new}.config = {{ }};"}
        }}"""

    tool("create", "-s", "-E", definition("one", "/var/tmp"))
    before = {name: boot_time(tool, name) for name in (old, web)}
    done = tool("create", "-s", "-E", definition("two", "/srv"))
    titles = [line for line in done.out.splitlines() if line.endswith("ing containers:") or line.startswith("Updating")]
    assert titles == [
        "Installing containers:",
        "Starting containers:",
        "Updating containers:",
        f"Updating {web}",
        "Restarting containers:",
    ]
    assert tool("run", web, "cat", "/etc/version").out == "two"
    assert boot_time(tool, web) == before[web]
    assert boot_time(tool, old) != before[old]


def test_stop_and_start(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    tool("stop", name)
    assert tool("status", name).out == "down\n"
    assert "does not run" in tool("run", name, "true", code=4).err
    tool("start", name)
    assert tool("status", name).out == "up\n"
    tool("terminate", name)
    assert tool("status", name).out == "down\n"


@pytest.mark.parametrize(
    ("words", "code", "out"),
    [
        (["sh", "-c", "exit 3"], 3, ""),
        (["sh", "-c", "kill -9 $$"], 137, ""),
        (["no-such-program"], 127, ""),
        (["-c"], 127, ""),
        (["-h"], 127, ""),
        (["-a", "other", "echo", "no"], 127, ""),
        (["printf", "%s|", "a b", "", "'", '"', "$HOME", "--", "*"], 0, "a b||'|\"|$HOME|--|*|"),
    ],
)
def test_run_keeps_words_and_codes(shared, words, code, out):
    tool, name = shared
    assert tool("run", name, "--", *words, code=code).out == out
    assert tool("run", name, *words, code=code).out == out


def test_run_passes_stdin_on(shared):
    tool, name = shared
    assert tool("run", name, "--", "cat", stdin="one\ntwo\n").out == "one\ntwo\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """One running container for tests that change nothing."""
    from tests.containers.conftest import Tool

    tool = Tool(tmp_path_factory.mktemp("shared"))
    name = f"shared{os.getpid()}"
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    yield tool, name
    tool("destroy", name)


def test_list_json(shared):
    tool, name = shared
    (entry,) = [entry for entry in json.loads(tool("list", "--json").out) if entry["name"] == name]
    assert entry["system"].startswith("/nix/store/")
    assert entry["auto_start"] is False


def test_somebody_in_the_container_does_not_hold_up_its_end(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    inside = tool.start(
        "run", name, "--", "sh", "-c", "trap '' TERM HUP INT; echo in; sleep 1000", stdout=subprocess.PIPE
    )
    assert inside.stdout.readline() == "in\n"
    began = time.monotonic()
    tool("restart", name)
    assert time.monotonic() - began < 15
    assert inside.wait(10) != 0
    tool("destroy", name)


def test_destroy_leaves_data_in_bind_mounts_alone_and_follows_no_link(tool, name, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "precious").write_text("x")
    tool(
        "create", "-s", "-E",
        f'{{ containers.{name}.bindMounts."/data" = {{ hostPath = "{data}"; isReadOnly = false; }}; }}',
    )  # fmt: skip
    root = Path("/var/lib/nixos-containers", name)
    tool("run", name, "--", "ln", "-s", str(data), "/evil")
    # What the host mounts into a container's directory has to survive, too: a directory and a single file.
    (root / "mounted").mkdir()
    (root / "file").touch()
    subprocess.run(["mount", "--bind", data, root / "mounted"], check=True)
    subprocess.run(["mount", "--bind", data / "precious", root / "file"], check=True)
    tool("destroy", name)
    assert (data / "precious").read_text() == "x"
    assert leftovers(name) == []


def test_destroy_of_immutable_files_nested_too(tool, name):
    tool("create", "-E", f"{{ containers.{name} = {{}}; }}")
    root = Path("/var/lib/nixos-containers", name)
    for path in (root / "var/empty", root / "var/lib/nixos-containers/inner/var/empty"):
        path.mkdir(parents=True)
        subprocess.run(["chattr", "+i", path], check=True)
    tool("destroy", name)
    assert leftovers(name) == []


def test_the_state_directory_is_not_readable_by_everybody(shared):
    assert Path("/var/lib/nixos-containers").stat().st_mode & 0o777 == 0o700


def test_destroy_of_what_is_not_there_says_so(tool):
    done = tool("destroy", "nowhere")
    assert "The container nowhere does not exist." in done.err


def test_destroy_refuses_a_container_of_the_host(tool, name):
    conf = Path("/etc/nixos-containers", f"{name}.conf")
    conf.parent.mkdir(exist_ok=True)
    conf.write_text("PRIVATE_NETWORK=1\n")
    try:
        assert "was not installed by extra-container" in tool("destroy", name, code=2).err
        assert conf.exists()
    finally:
        conf.unlink()


def test_several_containers_and_all_of_them_gone(tool, name):
    names = [f"{name}{letter}" for letter in "abc"]
    text = "{ " + " ".join(f"containers.{each} = {{}};" for each in names) + " }"
    assert "\n".join(names) in tool("create", "-s", "-E", text).out
    assert [tool("status", each).out for each in names] == ["up\n"] * 3
    done = tool("destroy", "-E", text)
    assert done.out == "Destroying containers:\n" + "\n".join(names) + "\n"
    assert leftovers(name) == []


@pytest.mark.parametrize("times", [7])
def test_created_and_destroyed_more_often_than_the_start_limit_allows(tool, name, times):
    for _ in range(times):
        tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
        tool("destroy", name)


def test_structured_log(tool, name):
    done = tool("--log-format", "json", "create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    entries = [json.loads(line) for line in done.err.splitlines()]
    kinds = [entry["event"] for entry in entries]
    for kind in ("build.started", "build.finished", "install.planned", "containers.installed", "process.finished"):
        assert kind in kinds
    (planned,) = [entry for entry in entries if entry["event"] == "install.planned"]
    assert planned["containers"] == {name: "new"}


def test_two_runs_at_once_wait_for_each_other(tool, name):
    text = f"{{ containers.{name} = {{}}; }}"
    runs = [tool.start("create", "-s", "-E", text, stdout=subprocess.PIPE, stderr=subprocess.PIPE) for _ in range(3)]
    assert [run.wait(60) for run in runs] == [0, 0, 0]
    for run in runs:
        run.communicate()
    assert tool("status", name).out == "up\n"


@pytest.mark.parametrize("wanted", ["container@%s.service loaded active running" if BOOTED else ""])
def test_systemd_knows_the_unit(tool, name, wanted):
    if not wanted:
        assert not Path("/run/systemd/system").exists()
        return
    tool("create", "-s", "-E", f"{{ containers.{name} = {{}}; }}")
    units = subprocess.run(
        ["systemctl", "list-units", "--plain", "--no-legend"], capture_output=True, text=True, check=True
    )
    assert any(" ".join(line.split()[:4]) == wanted % name for line in units.stdout.splitlines())
