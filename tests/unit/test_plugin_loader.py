"""Whatever a plugin does while it is loaded, the program survives and names it."""

import json
import subprocess
import sys
import textwrap

import pytest

REPORT = """
import json, sys
from extra_container.hooks import entry_points
from extra_container.hooks import loader
loaded = loader.load(entry_points.read().plugins, frozenset(sys.argv[1:]))
print(json.dumps({
    "plugins": [plugin.name for plugin in loaded.plugins],
    "disabled": [plugin.name for plugin in loaded.disabled],
    "failures": {bad.plugin.name: [bad.stage, str(bad.error), str(bad.plugin)] for bad in loaded.failures},
    "unknown": loaded.unknown,
    "modules": sorted(sys.modules),
    "registered": [name for name, _ in loaded.manager.list_name_plugin()],
}))
"""


@pytest.fixture
def site(tmp_path):
    """A directory that packages with plugins can be put into."""

    class Site:
        path = tmp_path

        def add(self, package, plugin, code, version="1.2"):
            module = package.replace("-", "_")
            (tmp_path / f"{module}.py").write_text(textwrap.dedent(code))
            info = tmp_path / f"{module}-{version}.dist-info"
            info.mkdir()
            (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
            (info / "entry_points.txt").write_text(f"[extra_container.plugins.v1]\n{plugin} = {module}\n")

        def load(self, *disabled):
            script = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{REPORT}"
            done = subprocess.run(
                [sys.executable, "-c", script, *disabled], check=True, capture_output=True, text=True, cwd=tmp_path
            )
            return json.loads(done.stdout)

    return Site()


GOOD = """
from extra_container.plugin import hookimpl

@hookimpl
def ec_observe(event):
    pass
"""

ODD = {
    "import-error": ("import nonexistent_module", "import", "No module named 'nonexistent_module'"),
    "exception": ("1 / 0", "import", "ZeroDivisionError at import: division by zero"),
    "system-exit": ("raise SystemExit(3)", "import", "SystemExit at import: 3"),
    "assertion": ("assert False, 'no'", "import", "AssertionError at import: no"),
    "misspelt": (GOOD.replace("ec_observe", "ec_obzerve"), "register", "ec_obzerve"),
    "signature": (GOOD.replace("(event)", "(happening)"), "register", "happening"),
}


def test_the_first_party_plugins_come_first(site):
    site.add("a-plugin", "aaa", GOOD)
    plugins = site.load()["plugins"]
    assert plugins == [*sorted(set(plugins) - {"aaa"}), "aaa"]
    assert {"nixos", "systemd", "standalone", "install", "network", "ssh", "shell"} <= set(plugins)


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_plugin_is_named_and_left_out(site, kind):
    code, stage, message = ODD[kind]
    site.add("odd-package", "odd", code)
    site.add("good-package", "good", GOOD)
    report = site.load()
    found_stage, error, shown = report["failures"].pop("odd")
    assert found_stage == stage
    assert message in error
    assert shown == "odd (odd-package 1.2)"
    assert report["failures"] == {}
    assert "good" in report["registered"]
    assert "odd" not in report["registered"]


def test_two_packages_with_one_name_are_both_named(site):
    site.add("first-package", "same", GOOD)
    site.add("second-package", "same", GOOD, version="3")
    report = site.load()
    assert "first-package 1.2 and second-package 3" in report["failures"]["same"][1]
    assert "same" not in report["registered"]


def test_a_disabled_plugin_is_not_even_imported(site):
    site.add("odd-package", "odd", "1 / 0")
    report = site.load("odd", "network")
    assert report["failures"] == {}
    assert sorted(report["disabled"]) == ["network", "odd"]
    assert "network" not in report["registered"]


def test_names_that_nothing_has_are_told(site):
    site.add("odd-package", "odd", "1 / 0")
    assert site.load("nothing", "network", "odd-package")["unknown"] == ["nothing"]


def test_a_package_of_a_third_party_is_disabled_by_its_name(site):
    site.add("odd-package", "odd", "1 / 0")
    site.add("extra-container-impostor", "network", "1 / 0")
    report = site.load("odd-package", "extra-container-impostor", "extra-container")
    assert report["failures"] == {}
    assert "network" in report["plugins"]
    assert report["unknown"] == ["extra-container"]


def test_loading_imports_nothing_that_no_plugin_needs(site):
    heavy = {"structlog", "rich", "cmd2", "prompt_toolkit", "prettytable", "yaml", "asyncio", "email.parser"}
    assert heavy & set(site.load()["modules"]) == set()
