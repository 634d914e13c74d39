"""`plan` on every host, in the words that people read; tests/system has the table of what it says and `create` does."""

from tests.containers.conftest import write_definition

SERVICE = 'systemd.services.loop = {{ wantedBy = [ "multi-user.target" ]; script = "exec sleep {}"; }};'


def test_what_people_read(tool, name, tmp_path):
    definition = write_definition(tmp_path / "c.nix", name, SERVICE.format(1001))
    new = tool("plan", "-s", "--detailed-exitcode", definition, code=10)
    assert new.out.startswith(f"{name}: install and start (new)\n  packages: ")
    assert new.out.endswith("\n\nPlan: 1 to install, 1 to start.\n")
    tool("create", "-s", definition)
    same = tool("plan", "-s", "--detailed-exitcode", definition)
    assert same.out == f"Unchanged: {name}\n\nNothing to do.\n"

    write_definition(definition, name, SERVICE.format(1002))
    update = tool("plan", "-s", definition).out
    assert update.startswith(f"{name}: install and update live\n  the configuration inside changed\n")
    assert "\n  units: stop loop.service; start loop.service; perhaps more\n" in update
    restart = tool("plan", "-r", definition).out
    assert restart.startswith(f"{name}: install and restart\n  a restart, since --restart-changed is given\n")
    only = tool("plan", definition).out
    assert "\n  what runs goes on as it is; --update-changed brings it up to date\n" in only
    assert tool("create", "-s", definition).out.count("loop.service") == 2
    assert tool("plan", "-s", "--detailed-exitcode", definition).out == same.out


def test_an_update_that_would_fail_is_told(tool, name):
    tool("create", "-s", "-E", f"{{ containers.{name} = {{ }}; }}")
    broken = f'{{ containers.{name}.path = "/nonexist"; }}'
    done = tool("plan", "-s", "-E", broken, code=4)
    assert "\n  the update would fail: switch-to-configuration ended with code 127\n" in done.out
    assert "would be updated" not in done.err
