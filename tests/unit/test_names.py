"""Which names can be created, and which can be named at all."""

import pytest

from extra_container.model.errors import UsageError
from extra_container.state import names


@pytest.mark.parametrize("name", ["a", "demo", "A1", "web-1", "a--b", "x" * 63])
def test_creatable(name):
    assert names.creatable(name)


@pytest.mark.parametrize("name", ["", "-a", "a-", "a_b", "a.b", "ä", "a b", "a/b", "..", "x" * 64, "a\n"])
def test_not_creatable(name):
    assert not names.creatable(name)


@pytest.mark.parametrize("name", ["a_b", "a.b", "old_name-1"])
def test_names_of_older_tools_are_known(name):
    names.check_known((name,))


@pytest.mark.parametrize("name", ["", ".", "..", "a/../../x", "/etc", "-a", "a..b", "a b", "ä", "a\nb", "x" * 129])
def test_what_could_leave_a_directory_is_refused(name):
    with pytest.raises(UsageError, match="not a container name"):
        names.check_known(("fine", name))
