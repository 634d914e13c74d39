"""What a plugin's author can write down: every type that the public API mentions has a public name."""

import ast
import functools
import importlib
import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

PUBLIC = ("extra_container.plugin", "extra_container.plugin_command", "extra_container.testing")
ROOT = Path(__file__).parents[2]


class Mention(typing.NamedTuple):
    """A type in an annotation: what is annotated, and the module and the name that the type is defined by."""

    where: str
    module: str
    name: str


@functools.cache
def bound(module):
    """Return what the names of a module are, also those that only type checkers import: module and name there."""
    found = {}
    tree = ast.parse(inspect.getsource(importlib.import_module(module)))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
        names = [getattr(target, "id", getattr(target, "name", None)) for target in targets]
        found |= {name: (module, name) for name in names if name is not None}
    return found


def origin(module, name):
    """Return where what a module knows by a name is defined; of what is not ours, only whose it is."""
    while module.startswith("extra_container") and (there := bound(module).get(name, ("builtins", name))) != (
        module,
        name,
    ):
        module, name = there
        if f"{module}.{name}" in sys.modules:
            return f"{module}.{name}", ""
    return module, name


def names_in(module, annotation):
    """Give where each name of an annotation is defined."""
    for node in ast.walk(ast.parse(annotation, mode="eval")):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            yield origin(module, node.value)
        elif isinstance(node, ast.Name):
            yield origin(module, node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield origin(origin(module, node.value.id)[0], node.attr)


def annotated(name, value):
    """Give what is annotated in a function, or in what a class has that is not private: label, module, annotation."""
    if inspect.isclass(value):
        for base in value.__mro__:
            if not base.__module__.startswith("extra_container"):
                continue
            fields = vars(base).get("__annotations__", {})
            yield from ((f"{name}.{each}", base.__module__, kind) for each, kind in fields.items() if each[0] != "_")
            for each, member in vars(base).items():
                if each[0] != "_" or each == "__init__":
                    yield from annotated(f"{name}.{each}", getattr(member, "__func__", member))
    elif isinstance(value, property):
        yield from annotated(name, value.fget)
    elif inspect.isfunction(value):
        function = inspect.unwrap(value)
        yield from ((f"{name}({each})", function.__module__, kind) for each, kind in function.__annotations__.items())


def public():
    """Give all that is public: its name, and what it is; of public modules, what is defined there."""
    for module in map(importlib.import_module, PUBLIC):
        for name in module.__all__:
            value = getattr(module, name)
            yield name, value
            if inspect.ismodule(value):
                inside = {each: found for each, found in vars(value).items() if each[0] != "_"}
                yield from (
                    (f"{name}.{each}", found)
                    for each, found in inside.items()
                    if getattr(found, "__module__", "").startswith("extra_container")
                )


def exported():
    """Return where all that is public is defined."""
    found = {origin(module, name) for module in PUBLIC for name in importlib.import_module(module).__all__}
    return found | {
        (value.__module__, value.__name__)
        for _, value in public()
        if inspect.isclass(value) or inspect.isfunction(value)
    }


def mentioned():
    """Give all types of ours that the public API mentions."""
    for name, value in public():
        for where, module, annotation in annotated(name, value):
            text = annotation if isinstance(annotation, str) else getattr(annotation, "__name__", str(annotation))
            for there, kind in names_in(module, text):
                if kind and kind[0] != "_" and there.startswith("extra_container"):
                    yield Mention(where=where, module=there, name=kind)


def test_every_type_that_the_public_api_mentions_is_exported():
    known, found = exported(), list(mentioned())
    assert len({(each.module, each.name) for each in found}) > 100  # it has seen them
    lacking = {f"{each.module}.{each.name}: {each.where}" for each in found if (each.module, each.name) not in known}
    assert sorted(lacking) == []


def test_a_type_that_is_not_exported_is_found(monkeypatch):
    module = importlib.import_module("extra_container.plugin_command")
    monkeypatch.setattr(module, "__all__", [name for name in module.__all__ if name != "Invocation"])
    assert ("extra_container.cli.invocation", "Invocation") not in exported()
    assert "Command.invocation(return)" in {each.where for each in mentioned() if each.name == "Invocation"}


@pytest.mark.parametrize("module", PUBLIC)
def test_no_two_classes_of_a_public_module_are_called_the_same(module):
    api = importlib.import_module(module)
    own = {}
    for value in filter(inspect.isclass, (getattr(api, name) for name in api.__all__)):
        own.setdefault(value.__name__, set()).add(value)
    assert {name: values for name, values in own.items() if len(values) > 1} == {}


def test_what_goes_by_the_name_outlook_is_one_class():
    texts = [path.read_text() for path in (ROOT / "extra_container").rglob("*.py")]
    assert sum(len(re.findall(r"^class Outlook\b", text, re.MULTILINE)) for text in texts) == 1


@pytest.mark.parametrize("module", PUBLIC)
def test_dir_names_all_that_is_public(module):
    api = importlib.import_module(module)
    assert set(api.__all__) <= set(dir(api))
    assert all(name in api.__all__ or name.startswith("__") for name in dir(api)) or module == PUBLIC[-1]


@pytest.mark.parametrize("module", PUBLIC[:2])
def test_dir_imports_nothing(module):
    code = f"import sys, {module} as api; before = set(sys.modules); dir(api); print(sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
