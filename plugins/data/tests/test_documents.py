"""What commands on data tell programs, and what they say that they would do."""

from plugins.data.tests.test_reset import STATES, definition, write
from tests.schemas import result


def document(tool, *words, code=0):
    """Return the result document of a command, as its published schema describes it."""
    done = tool(*words, "-f", "json", code=code)
    found = result(done.out)
    assert (found["command"], found["code"]) == (words[0], code)
    return found


def done_to(found, name):
    (one,) = [one for one in found["containers"] if one["name"] == name]
    return {action["action"]: action["about"] for action in one["actions"]}, one["state"]


def test_what_came_of_commands_on_data(tool, name, tmp_path):
    tool("create", "-E", definition(name))
    write(name)
    actions, _ = done_to(document(tool, "backup", name, "b"), name)
    assert actions == {"backup": {"path": f"{tmp_path}/b", "size": (tmp_path / "b").stat().st_size}}
    found = document(tool, "copy", f"{name}:/var/lib/precious", "p")
    about = {"source": f"{name}:/var/lib/precious", "target": "p", "files": 1}
    assert done_to(found, name) == ({"copy": about}, "down")
    assert found["containers"][0]["asked"] == ["copy"]
    assert done_to(document(tool, "reset", "-y", name), name) == ({"reset": {}}, "down")
    assert done_to(document(tool, "restore", "-y", "b"), name) == ({"restore": {}}, "down")
    tool("destroy", name)
    actions, state = done_to(document(tool, "restore", "b"), name)
    assert (set(actions), state) == ({"install", "restore"}, "down")
    assert (STATES / name / "var/lib/precious").read_text() == "precious"


def test_what_goes_wrong_is_in_the_document(tool, name, tmp_path):
    (tmp_path / "text").write_text("text")
    found = document(tool, "restore", "text", code=1)
    assert (found["error"]["kind"], found["containers"]) == ("operation", [])
    found = document(tool, "reset", "-y", name, code=2)
    assert found["error"]["message"] == f"extra-container has not installed a container {name}"
    assert [(one["name"], one["changed"]) for one in found["containers"]] == [(name, False)]


def test_a_dry_run_changes_nothing(tool, name):
    tool("create", "-s", "-E", definition(name))
    write(name)
    tool("backup", name, "b")
    done = tool("reset", "-n", name)
    assert done.err == f"All data of {name} in {STATES / name} would be lost; it runs, and would be restarted.\n"
    done = tool("restore", "--dry-run", "b")
    assert done.err.startswith(
        f"The data of {name} in {STATES / name} would be replaced from the backup of {name} of 2"
    )
    assert done.err.endswith("; it runs, and would be restarted.\n")
    assert (STATES / name / "var/lib/precious").exists()
    tool("destroy", name)
    assert tool("restore", "--dry-run", "b").err.endswith(f", and {name} would be installed.\n")
    assert not (STATES / name).exists()
    assert tool("list").out == ""
