"""The test kit: what it promises to plugins."""

import contextlib
import inspect
import pydoc
import re
from pathlib import Path

import pytest

from extra_container import plugin, plugin_command, testing
from extra_container.hooks import specs
from extra_container.model.errors import PluginError
from extra_container.plugin import Bind, Limits, Usage, cgroup_of, events, hookimpl, limits_of, usage_of
from extra_container.plugin_command import Command
from extra_container.state import installed
from extra_container.testing import (
    built_container,
    call_command,
    fake_context,
    fake_host,
    fake_usage,
    hooks_with,
    place_container,
    run_state,
)


class Observer:
    def __init__(self):
        self.seen = []

    @hookimpl
    def ec_observe(self, event):
        self.seen.append(event.kind)
        if event.kind == "containers.stopped":
            raise ZeroDivisionError("oh")


def test_events_reach_observers(tmp_path):
    observer = Observer()
    context, seen = fake_context(fake_host(tmp_path), hooks_with(observer))
    context.emit(events.Starting(names=("demo",)))
    assert observer.seen == ["containers.starting"]
    with pytest.raises(PluginError, match="ec_observe raised ZeroDivisionError"):
        context.emit(events.ContainersStopped(names=("demo",)))
    assert len(seen) == 2


def test_observers_get_what_people_are_not_told_of(tmp_path):
    observer = Observer()
    context, seen = fake_context(fake_host(tmp_path), hooks_with(observer))
    with context.phase("install"):
        pass
    assert observer.seen == ["phase.started", "phase.finished"]
    assert seen == []


def test_shipped_plugins_are_asked_for_by_name(tmp_path):
    host, made = fake_host(tmp_path), built_container("demo")
    plan = hooks_with("install").plan_install(run_state(made).result, host, {})
    assert [item.name for item in plan.items] == ["demo"]
    assert hooks_with("standalone", "systemd").host_names() == ["standalone", "systemd"]
    with pytest.raises(LookupError, match="no plugin 'nothing' is shipped, only: data, "):
        hooks_with("nothing")


def test_usage_is_found_where_the_kit_puts_it(tmp_path):
    host = fake_host(tmp_path)
    assert (cgroup_of("web", host), usage_of(["web"], host)) == (None, {"web": Usage()})
    fake_usage(host, "web", memory=4096, cpu=1.5, tasks=3)
    assert cgroup_of("web", host) == tmp_path / "sys/fs/cgroup/machine.slice/container@web.service"
    assert usage_of(["web", "db"], host) == {"web": Usage(memory=4096, cpu=1.5, tasks=3), "db": Usage()}
    assert limits_of("web", host) == Limits()


def test_what_is_known_of_a_container(tmp_path):
    conf = "LOCAL_ADDRESS6=fd00::2/64\nEXTRA_NSPAWN_FLAGS=--bind=/srv/a\\\\:b:/x --bind-ro=/etc\n"
    made = built_container("web", root=tmp_path / "web", conf_text=conf)
    for one in (made, place_container(made, fake_host(tmp_path))):
        assert (one.unit_name, one.address, one.state_directory) == (
            "container@web.service",
            "fd00::2",
            tmp_path / "web",
        )
        assert one.binds == (
            Bind(host="/srv/a:b", container="/x", read_only=False),
            Bind(host="/etc", container="/etc", read_only=True),
        )


def test_a_root_that_the_program_would_not_take_is_told(tmp_path):
    with pytest.raises(ValueError, match="would not be taken for that of demo"):
        place_container(built_container(root=tmp_path / "other"), fake_host(tmp_path))


def test_a_command_has_the_settings_that_are_given(tmp_path):
    class Said(Command):
        """Say it."""

        needs_root = False

        def take_action(self, parsed_args):
            with self.context() as context:
                self.app.stdout.write(str(context.settings("mine").get("word")))
            return 0

    said = call_command(Said, host=fake_host(tmp_path), settings={"mine": {"word": "hi"}})
    assert said.out == "hi"
    assert call_command(Said, host=fake_host(tmp_path)).out == "None"


def test_every_type_of_a_public_signature_is_public():
    public = {name for module in (plugin, plugin_command, testing) for name in module.__all__}
    named = {}
    for module in (plugin, testing):
        for name in module.__all__:
            for place, annotation in annotations(name, getattr(module, name)):
                for word in re.findall(r"[A-Z]\w+", str(annotation)):
                    named.setdefault(word, set()).add(place)
    for name, hook in specs.declared().items():
        for _, annotation in annotations(name, hook):
            for word in re.findall(r"[A-Z]\w+", str(annotation)):
                named.setdefault(word, set()).add(name)
    assert {word: named[word] for word in ours() & set(named) - public} == {}


def annotations(name, value):
    """Yield the annotations of a function, or of what is public of a class."""
    if not inspect.isclass(value):
        with contextlib.suppress(ValueError, TypeError):
            signature = inspect.signature(value)
            yield from ((name, parameter.annotation) for parameter in signature.parameters.values())
            yield name, signature.return_annotation
        return
    yield from ((name, annotation) for annotation in vars(value).get("__annotations__", {}).values())
    for base in value.__mro__:
        members = vars(base).items() if base.__module__.startswith("extra_container") else ()
        for member, found in members:
            function = found.fget if isinstance(found, property) else found
            if not member.startswith("_") and inspect.isfunction(function):
                yield from annotations(f"{name}.{member}", function)


def ours():
    """Return the classes of the program; what hooks call their settings is no class."""
    root = Path(plugin.__file__).parent
    texts = [path.read_text() for path in root.rglob("*.py")]
    classes = {name for text in texts for name in re.findall(r"^class ([A-Z]\w+)", text, re.MULTILINE)}
    return classes - {"Settings"}


def test_help_of_the_api_fits_two_screens_and_names_all_of_it():
    text = pydoc.render_doc(plugin, renderer=pydoc.plaintext)
    assert text.count("\n") < 80
    assert set(plugin.__all__) <= set(re.findall(r"\w+", plugin.__doc__))


def test_a_host_has_all_its_places_below_its_root(tmp_path):
    host = fake_host(tmp_path)
    places = (
        *(host.unit_directory, host.conf_directory, host.gc_roots, host.runtime_directory),
        *(host.state_directory, host.cache_directory, host.root),
    )
    assert all(place.is_relative_to(tmp_path) for place in places)


def test_a_container_is_placed_with_the_root_it_was_built_with(tmp_path):
    host, root = fake_host(tmp_path), tmp_path / "data/demo"  # it bears the name, as the program wants it
    assert place_container(built_container(root=root), host).root == root
    assert installed.read(host.gc_roots)["demo"].root == root
