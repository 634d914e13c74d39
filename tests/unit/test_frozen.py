"""Frozen classes of the program are dataclasses to everybody, and like those that the standard library makes."""

import copy
import dataclasses
import pickle
import sys
from typing import ClassVar

import pytest

from extra_container.model import frozen


def both(cls):
    """Return the class as the standard library makes it and as this program does."""
    made = []
    for module in (dataclasses, frozen):
        cls.by = module.field(default=None, compare=False)
        made.append(module.dataclass(frozen=True, slots=True, kw_only=True)(cls))
    return made


class Plain:
    """A container."""

    kind: "ClassVar[str]" = "plain"
    name: "str"
    size: "int" = 3
    by: "str | None" = None

    @property
    def shown(self):
        return f"{self.name}: {self.size}"


STANDARD, OURS = both(Plain)


@frozen.dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """At the top of a module, where pickle finds it."""

    words: "list[str]" = frozen.field(default_factory=list)
    other: "object" = None


def raised(call):
    with pytest.raises((TypeError, AttributeError)) as error:
        call()
    return type(error.value)


@pytest.mark.parametrize("cls", [STANDARD, OURS])
class TestBoth:
    def test_values_are_given_by_name_or_are_the_default(self, cls):
        assert (cls(name="a").name, cls(name="a").size, cls(name="a", size=0).size) == ("a", 3, 0)
        assert cls(name="a").shown == "a: 3"
        assert (cls.kind, cls.__doc__, cls.__module__) == ("plain", "A container.", __name__)

    def test_equal_values_are_equal_and_have_one_hash(self, cls):
        assert cls(name="a") == cls(size=3, name="a") != cls(name="b")
        assert hash(cls(name="a")) == hash(cls(name="a"))
        assert cls(name="a", by="b") == cls(name="a")
        assert hash(cls(name="a", by="b")) == hash(cls(name="a"))
        assert not dataclasses.fields(cls)[2].compare
        assert cls(name="a") != STANDARD(name="a") or cls is STANDARD

    def test_they_show_themselves(self, cls):
        assert repr(cls(name="a")) == "Plain(name='a', size=3, by=None)"

    def test_missing_unknown_and_unnamed_arguments_are_refused(self, cls):
        assert raised(cls) is raised(lambda: cls(name="a", length=3)) is raised(lambda: cls("a")) is TypeError

    def test_nothing_can_be_changed_or_added(self, cls):
        one = cls(name="a")
        assert raised(lambda: setattr(one, "name", "b")) is dataclasses.FrozenInstanceError
        assert raised(lambda: delattr(one, "name")) is dataclasses.FrozenInstanceError
        assert raised(lambda: setattr(one, "new", "b")) in {dataclasses.FrozenInstanceError, TypeError}
        assert not hasattr(one, "__dict__")

    def test_the_standard_librarys_functions_take_them(self, cls):
        one = cls(name="a")
        assert dataclasses.is_dataclass(cls)
        assert dataclasses.is_dataclass(one)
        assert [field.name for field in dataclasses.fields(cls)] == ["name", "size", "by"]
        assert dataclasses.asdict(one) == {"name": "a", "size": 3, "by": None}
        assert dataclasses.replace(one, size=5) == cls(name="a", size=5)
        assert copy.deepcopy(one) == one

    @pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace came with Python 3.13")
    def test_they_can_be_copied_with_changes(self, cls):
        assert copy.replace(cls(name="a"), size=5) == cls(name="a", size=5)

    def test_a_dataclass_may_derive_from_them(self, cls):
        @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
        class More(cls):
            colour: str = "red"

        assert repr(More(name="a")).endswith("More(name='a', size=3, by=None, colour='red')")
        assert dataclasses.replace(More(name="a"), name="b", colour="blue") == More(name="b", colour="blue")
        assert More(name="a").shown == "a: 3"

    def test_no_argument_can_be_matched_by_its_place(self, cls):
        assert cls.__match_args__ == ()


def test_one_may_derive_from_another():
    @frozen.dataclass(frozen=True, slots=True, kw_only=True)
    class More(OURS):
        colour: "str"

    assert More(name="a", colour="red").shown == "a: 3"
    assert [field.name for field in dataclasses.fields(More)] == ["name", "size", "by", "colour"]
    assert More(name="a", colour="red") != OURS(name="a")


def test_every_instance_has_a_default_of_its_own():
    one, other = Holder(), Holder()
    one.words.append("a")
    assert other.words == []
    assert dataclasses.replace(one, other=1).words == ["a"]
    assert Holder.__dataclass_fields__["words"].default_factory is list


def test_they_can_be_pickled():
    assert pickle.loads(pickle.dumps(Holder(words=["a"], other=OURS(name="b").size))) == Holder(words=["a"], other=3)


def test_other_kinds_are_the_standard_librarys_business():
    with pytest.raises(TypeError):
        frozen.dataclass(frozen=False, slots=True, kw_only=True)
