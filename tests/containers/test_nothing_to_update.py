"""A container that is to be updated and does not run."""

import pytest

from tests.containers.conftest import write_definition


@pytest.mark.parametrize("option", ["--update-changed", "--restart-changed"])
def test_a_container_that_does_not_run_is_installed_and_named(tool, name, tmp_path, option):
    definition = tmp_path / "c.nix"
    tool("create", write_definition(definition, name, 'environment.etc.x.text = "1";'))
    done = tool("create", option, write_definition(definition, name, 'environment.etc.x.text = "2";'))
    assert f"{name} does not run, so that nothing is updated; `extra-container start {name}` starts it" in done.err
    assert done.out == f"\nInstalling containers:\n{name}\n\n"
    assert "does not run" not in tool("create", option, definition).err  # nothing has changed
    tool("start", name)
    assert tool("run", name, "--", "cat", "/etc/x").out == "2"


def test_with_start_there_is_nothing_to_say(tool, name, tmp_path):
    done = tool("create", "-s", "-u", write_definition(tmp_path / "c.nix", name))
    assert "does not run" not in done.err
