"""Rules that keep the structure what it is, read off the source."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CORE = sorted((ROOT / "extra_container").rglob("*.py"))
PLUGINS = sorted(ROOT.glob("plugins/*/extra_container_*/**/*.py"))
PUBLIC = {"extra_container.plugin", "extra_container.plugin_command"}


def imports(path):
    """Return the absolute names of all modules that a file imports, wherever it does so."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def ids(path):
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", PLUGINS, ids=ids)
def test_plugins_use_the_public_api_only(path):
    own = path.relative_to(ROOT).parts[2]
    ours = {name for name in imports(path) if name == "extra_container" or name.startswith("extra_container.")}
    modules = {name for name in ours if not any(name.startswith(f"{public}.") for public in PUBLIC)}
    assert modules - {"extra_container"} <= PUBLIC
    others = {name for name in imports(path) if name.startswith("extra_container_") and name.partition(".")[0] != own}
    assert others == set()


@pytest.mark.parametrize("path", CORE, ids=ids)
def test_the_core_knows_no_plugin(path):
    assert not {name for name in imports(path) if name.startswith("extra_container_")}


@pytest.mark.parametrize("path", CORE, ids=ids)
def test_only_one_module_starts_processes(path):
    if path.name != "process.py":
        assert "subprocess" not in imports(path)


@pytest.mark.parametrize("path", [path for path in CORE if "cli" not in path.parts], ids=ids)
def test_the_core_does_not_know_the_command_line(path):
    if "testing" not in path.parts and path.name not in {"__main__.py", "plugin_command.py"}:
        assert not {name for name in imports(path) if name.startswith(("extra_container.cli", "cliff", "argparse."))}


# A folder imports of those above it only, beside itself. Modules at the top are rooms of their own.
ORDER = (
    {"model", "variables", "enter", "json_text", "late"},
    {"proc", "settings", "shortcuts"},
    {"output", "ending", "trees", "completed"},
    {"process"},
    {"state"},
    {"nix", "systemd", "provenance", "health"},
    {"journals", "generations"},
    {"evaluations", "progress"},
    {"hooks"},
    {"pipeline"},
    {"doctor"},
    {"preview"},
    {"inspection"},
    {"plugin", "cli", "standstill"},
    {"plugin_command", "testing", "__main__"},
)


def room(module):
    """Return the folder, or the module at the top, that a dotted name of ours belongs to."""
    return module.split(".")[1]


@pytest.mark.parametrize(
    "path", [path for path in CORE if path.name != "__init__.py" or "testing" in path.parts], ids=ids
)
def test_imports_go_one_way(path):
    rank = {name: number for number, names in enumerate(ORDER) for name in names}
    own = path.relative_to(ROOT / "extra_container").with_suffix("").parts[0]
    for name in imports(path):
        if name.startswith("extra_container."):
            other = room(name)
            assert other == own or rank[other] < rank[own], name


def test_no_imports_go_round_in_a_circle():
    modules = {dotted(path): path for path in CORE}
    left = {name: imported_modules(path, set(modules)) for name, path in modules.items()}
    # What imports nothing that is left is in no circle, again and again.
    while free := {name for name, others in left.items() if not others & set(left)}:
        left = {name: others for name, others in left.items() if name not in free}
    assert left == {}


def imported_modules(path, modules):
    """Return which of the modules a file imports; a name of a package counts as the module of that name."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module in modules:
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= names & modules or {node.module}
        elif isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & modules
    return found - {dotted(path)}


def dotted(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


FOLDERS = sorted({path.parent for path in [*CORE, *PLUGINS]})


@pytest.mark.parametrize("folder", FOLDERS, ids=ids)
def test_a_folder_fits_in_a_head(folder):
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= 14


@pytest.mark.parametrize("path", [*CORE, *PLUGINS], ids=ids)
def test_a_module_fits_in_a_head(path):
    assert len(path.read_text().splitlines()) <= 300


def test_list_imports_nothing_that_it_does_not_need():
    code = (
        "import sys; from extra_container.cli import main; main(['list']); print(*sorted(sys.modules), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    heavy = {"structlog", "rich", "cmd2", "prompt_toolkit", "prettytable", "yaml", "asyncio", "pluggy"}
    assert heavy & set(done.stderr.split()) == set()


# Where things stand on a host is known to one module.
OWNED = ("nixos-containers", "/etc/containers", "container@", "machines.target.wants", "gcroots/auto")


@pytest.mark.parametrize("path", [*CORE, *PLUGINS], ids=ids)
def test_the_layout_has_one_owner(path):
    if path.name != "layout.py":
        found = {fact for text in strings(path) for fact in OWNED if fact in text}
        assert found == set()


def strings(path):
    """Return the texts in a file that are no docstrings, f-strings' parts included."""
    tree = ast.parse(path.read_text())
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs
    ]


# What plugins bring is theirs: names and commands that are no words of Nix or systemd, options, variables.
OF_PLUGINS = {
    *("standalone", "shell"),
    *("--run", "--ssh", "runningShellContainer", "containerIp", "containerStateDirectory"),
}


# The command framework has a formatter of the name of our plugin.
FORMATS = {"display.py": {"shell"}, "formats.py": {"shell"}}


@pytest.mark.parametrize("path", CORE, ids=ids)
def test_the_core_says_nothing_of_a_plugin(path):
    assert set(strings(path)) & OF_PLUGINS <= FORMATS.get(path.name, set())
