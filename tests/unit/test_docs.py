"""The documentation says what the program does."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MAN = ROOT / "docs/extra-container.1"


def test_the_reference_of_the_hooks_is_current():
    done = subprocess.run(
        [sys.executable, "dev/docs", "--check"], check=False, capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stderr


def commands():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return sorted(project["entry-points"]["extra_container.commands"])


@pytest.mark.parametrize("command", commands())
def test_every_command_stands_in_the_man_page(command):
    assert re.search(rf"^\.It Cm {re.escape(command)}\b", MAN.read_text(), re.MULTILINE)


def test_every_exit_code_stands_in_the_man_page():
    from extra_container.model import errors

    codes = {kind.exit_code for kind in vars(errors).values() if isinstance(kind, type)}
    listed = set(map(int, re.findall(r"^\.It (\d+)\b", MAN.read_text(), re.MULTILINE)))
    assert codes <= listed


def test_every_kind_of_failure_has_its_exit_code():
    from extra_container.model import errors

    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and hasattr(kind, "exit_code")]
    listed = re.findall(r"^\.It (\d+) Pq Li (\w+)$", MAN.read_text(), re.MULTILINE)
    assert {(kind.kind, kind.exit_code) for kind in kinds} == {(name, int(code)) for code, name in listed}
    assert len({code for code, _ in listed}) == len(listed)


PAGES = [*sorted(ROOT.glob("docs/*.md")), *sorted(ROOT.glob("examples/**/*.md")), ROOT / "README.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\((?!https?://)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", ["promises", "threat-model"])
def test_every_test_that_holds_a_promise_exists(page):
    named = set(re.findall(r"`(test_\w+)`", (ROOT / f"docs/{page}.md").read_text()))
    assert len(named) > 50
    files = [*ROOT.glob("tests/**/test_*.py"), *ROOT.glob("plugins/*/tests/test_*.py")]
    defined = {name for file in files for name in re.findall(r"^def (test_\w+)", file.read_text(), re.MULTILINE)}
    assert named - defined == set()


def test_whatever_is_called_defended_has_its_test():
    text = (ROOT / "docs/threat-model.md").read_text()
    rows = re.findall(r"^\| (?!they|it|what|a |---)(.+) \| (.+) \| (.*)\|$", text, re.MULTILINE)
    assert len(rows) > 25
    assert [row for row in rows if not row[1].startswith("no") and not row[2].strip()] == []


def test_every_module_of_the_core_has_its_place_in_the_architecture():
    named = re.findall(r"^\| `([\w/]+\.py)` \| .+ \|$", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
    core = ROOT / "extra_container"
    modules = {str(path.relative_to(core)) for path in core.rglob("*.py") if not path.name.startswith("__")}
    assert sorted(named) == sorted(module for module in modules if not module.startswith("cli/commands/"))


def test_every_file_that_the_architecture_names_exists():
    text = (ROOT / "docs/architecture.md").read_text()
    table = text[text.index("## Where is") : text.index("## Decisions")]
    rows = re.findall(r"^\| (?!question|---)(.+?) \| (.+) \|$", table, re.MULTILINE)
    assert len(rows) >= 20
    for _, answer in rows:
        plugins = [ROOT / place for place in re.findall(r"`(plugins/\w+)`", answer)]
        for name in re.findall(r"`([\w./-]+(?:\.py|\.nix|/))`", answer):
            places = [ROOT / name, ROOT / "extra_container" / name, *(folder / name for folder in plugins)]
            places += list(ROOT.glob(f"plugins/*/{name}"))
            assert any(place.exists() for place in places), name
