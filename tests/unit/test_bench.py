"""What ``dev/bench`` prints is what its pages and pictures are made of."""

import json
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TABLES = {
    "containers: 10": {"restart / old": [1.23456, 1.0, 0.5], "restart, in s": [2.0, 4.0]},
    "containers: 1": {"restart / old": [1.0], "shell / old": [0.5, 0.5]},
    "start-up": {"list": [2.0, 3.0, 4.0]},
}


@pytest.fixture
def results(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "dev/lib")
    yield __import__("bench.results").results
    for name in [name for name in sys.modules if name.partition(".")[0] == "bench"]:
        monkeypatch.delitem(sys.modules, name)


def test_results_that_were_written_are_read_again_and_those_of_several_runs_put_together(results, tmp_path):
    text = results.as_json(TABLES, {"Nix": "2.26"})
    assert json.loads(text)["conditions"] == {"Nix": "2.26"}
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(text)
    found = results.read([tmp_path / "a.json", tmp_path / "b.json"])
    assert found["containers: 10"]["restart / old"] == [1.235, 1.0, 0.5] * 2
    assert "conditions" not in found


def test_a_page_has_a_column_for_each_number_and_keeps_all_else(results):
    place = "before\n<!-- results: {} -->\n{}<!-- end -->\nafter\n"
    page = place.format("containers", "old\n") + place.format("start-up", "") + place.format("running", "kept\n")
    filled = results.fill(page, TABLES)
    assert filled == (
        place.format(
            "containers",
            "| containers | 1 | 10 |\n| --- | --- | --- |\n"
            "| restart / old | 1.00 | 1.00 (0.75\N{EN DASH}1.12) |\n"
            "| shell / old | 0.50 (0.50\N{EN DASH}0.50) | \N{EN DASH} |\n"
            "| restart, in s | \N{EN DASH} | 3.00 (2.50\N{EN DASH}3.50) |\n",
        )
        + place.format("start-up", "| start-up | ratio |\n| --- | --- |\n| list | 3.00 (2.50\N{EN DASH}3.50) |\n")
        + place.format("running", "kept\n")
    )
    assert results.fill(filled, TABLES) == filled


def test_the_tables_of_the_page_are_those_of_the_files(results):
    page = (ROOT / "docs/performance.md").read_text(encoding="utf-8")
    assert results.fill(page, results.read(sorted((ROOT / "docs/performance").glob("*.json")))) == page
