"""Results: written, read, put together, and shown as text."""

from __future__ import annotations

import json
import os
import platform
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.running import Table

_DIGITS = 4
_PLACE = re.compile(r"(<!-- results: ([^ ]+) -->\n).*?(<!-- end -->\n)", re.DOTALL)
_TO = "\N{EN DASH}"


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Return the first quartile, the median and the third quartile."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return low, middle, high


def conditions() -> dict[str, str]:
    """Return what machine and programs this is."""
    words = {"Nix": ["nix-build", "--version"], "systemd": ["systemctl", "--version"]}
    found = {
        name: subprocess.run(argv, check=True, capture_output=True, text=True).stdout.splitlines()[0].split()
        for name, argv in words.items()
    }
    return {
        "Python": platform.python_version(),
        "systemd": found["systemd"][1],
        "Nix": found["Nix"][-1],
        "processors": str(len(os.sched_getaffinity(0))),
        "load before": f"{os.getloadavg()[0]:.1f}",
    }


def as_json(tables: Mapping[str, Table], about: Mapping[str, str]) -> str:
    """Return results as JSON text, a row a line, so that differences can be read."""
    rounded = {
        title: {name: [float(f"{value:.{_DIGITS}g}") for value in values] for name, values in rows.items()}
        for title, rows in tables.items()
    }
    parts = [f'  "conditions": {json.dumps(dict(about))}']
    for title, rows in rounded.items():
        lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(values)}" for name, values in rows.items())
        parts.append(f"  {json.dumps(title)}: {{\n{lines}\n  }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def read(files: Sequence[Path]) -> dict[str, Table]:
    """Return what is in files of results; of a table that several have the rounds of all."""
    together: dict[str, Table] = {}
    for file in files:
        for title, rows in json.loads(file.read_text(encoding="utf-8")).items():
            if title != "conditions":
                for name, values in rows.items():
                    together.setdefault(title, {}).setdefault(name, []).extend(values)
    return together


def show(tables: Mapping[str, Table]) -> None:
    """Print medians and quartiles for people."""
    for title, rows in tables.items():
        width = max(map(len, [title, *rows]))
        sys.stdout.write(f"{title:<{width}}  {'median':>8}  {'quartiles':>17}  {'rounds':>6}\n")
        for name, values in rows.items():
            low, middle, high = quartiles(values)
            sys.stdout.write(f"{name:<{width}}  {middle:>8.2f}  {low:>8.2f} {high:>8.2f}  {len(values):>6}\n")
        sys.stdout.write("\n")


def fill(page: str, tables: Mapping[str, Table]) -> str:
    """Return a page of Markdown with the results in it: those of a kind after a comment ``results: KIND``.

    They end with a comment ``end``. There is a column for each table of the kind. What there are no results of stays.
    """
    found = kinds(tables)
    return _PLACE.sub(
        lambda match: f"{match[1]}{_markdown(match[2], found[match[2]])}{match[3]}" if match[2] in found else match[0],
        page,
    )


def kinds(tables: Mapping[str, Table]) -> dict[str, dict[str, Table]]:
    """Return the tables by what their titles, as ``containers: 10``, begin with, and each by the rest of its title."""
    found: dict[str, dict[str, Table]] = {}
    for title, rows in tables.items():
        kind, _, rest = title.partition(": ")
        found.setdefault(kind, {})[rest] = rows
    return {kind: dict(sorted(columns.items(), key=_by_number)) for kind, columns in found.items()}


def _by_number(column: tuple[str, Table]) -> tuple[float, str]:
    title = column[0]
    return (float(title) if title.replace(".", "", 1).isdecimal() else 0.0, title)


def _markdown(kind: str, columns: Mapping[str, Table]) -> str:
    names = dict.fromkeys(name for rows in columns.values() for name in rows)
    lines = [[kind, *(title or "ratio" for title in columns)], ["---"] * (len(columns) + 1)]
    lines += [[name, *_cells(name, columns)] for name in names]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


def _cells(name: str, columns: Mapping[str, Table]) -> Iterator[str]:
    for rows in columns.values():
        if name in rows:
            low, middle, high = quartiles(rows[name])
            spread = f" ({low:.2f}{_TO}{high:.2f})" if len(rows[name]) > 1 else ""
            yield f"{middle:.2f}{spread}"
        else:
            yield _TO
