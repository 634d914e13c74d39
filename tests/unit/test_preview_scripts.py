"""What differs in the scripts of a unit, which names them by store paths that nobody can read."""

from extra_container.model.plans import Difference, Place
from extra_container.preview import scripts
from extra_container.preview.scripts import ScriptChange


def stored(tmp_path, number, text):
    file = tmp_path / f"{str(number) * 32}-script-start/bin/start"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def line(before, after, place=Place.UNIT):
    return Difference(place=place, before=before, after=after, live=False)


def test_the_lines_of_a_script(tmp_path):
    one = stored(tmp_path, 1, f"#!/x/{'a' * 32}-bash/bin/bash\nset -e\nip addr add 10.0.0.1\n")
    other = stored(tmp_path, 2, f"#!/x/{'b' * 32}-bash/bin/bash\nset -e\nip addr add 10.0.1.1\nip link\n")
    change = line(f"ExecStartPost={one} %i", f"ExecStartPost={other} %i")
    assert scripts.is_other_script(change)
    assert scripts.changes([change]) == (
        ScriptChange(key="ExecStartPost", removed=("ip addr add 10.0.0.1",), added=("ip addr add 10.0.1.1", "ip link")),
    )


def test_what_is_no_other_script(tmp_path):
    one, other = stored(tmp_path, 1, "a"), stored(tmp_path, 2, "a")
    assert scripts.changes([line(f"ExecStart={one}", f"ExecStart={other}")]) == ()
    for change in (
        line(f"ExecStart={one}", f"ExecStart={other} more"),
        line(None, f"ExecStart={other}"),
        line(f"SYSTEM_PATH={one}", f"SYSTEM_PATH={other}", Place.CONF),
    ):
        assert not scripts.is_other_script(change)
        assert scripts.changes([change]) == ()


def test_a_script_that_cannot_be_read_is_left_out(tmp_path):
    one, other = stored(tmp_path, 1, "a"), stored(tmp_path, 2, "b")
    one.unlink()
    assert scripts.changes([line(f"ExecStart={one}", f"ExecStart={other}")]) == ()
