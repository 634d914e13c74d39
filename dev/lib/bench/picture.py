"""Ratios drawn: a mark for the median, a line from one quartile to the other, all to the same scale."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.results import kinds, quartiles
from bench.running import Table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Of colours that people who do not tell red from green can tell; Okabe and Ito.
_COLOURS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7")
_MARKS = ("o", "s", "D", "^")
_ROW = 0.34  # of an inch
_TICKS = (0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Panel:
    """A part of the picture: a line for each thing that was measured, with a mark for each series."""

    title: str
    series: Mapping[str, Table]

    @property
    def rows(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name for rows in self.series.values() for name in rows))


def draw(tables: Mapping[str, Table], file: Path) -> None:
    """Draw all ratios into a file, whose name tells the format."""
    import matplotlib as mpl

    mpl.use("svg" if file.suffix == ".svg" else "agg")
    mpl.rcParams |= {"svg.hashsalt": "bench", "svg.fonttype": "none"}  # the same results give the same small file
    from matplotlib import pyplot as plt

    panels = [panel for panel in _panels(tables) if panel.rows]
    heights = [len(panel.rows) + 1.2 for panel in panels]
    figure, every = plt.subplots(
        len(panels),
        figsize=(10, _ROW * sum(heights) + 0.8),
        height_ratios=heights,
        sharex=True,
        squeeze=False,
        layout="constrained",
    )
    for panel, axes in zip(panels, every[:, 0], strict=True):
        _draw(panel, axes)
    every[-1, 0].set_xlabel("ratio of times, medians and quartiles; left of the line it is faster")
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None, dpi=110)


def _panels(tables: Mapping[str, Table]) -> Iterator[_Panel]:
    found = kinds(tables)
    containers = {
        f"{count} container{'s' * (count != '1')}": rows for count, rows in found.get("containers", {}).items()
    }
    yield _Panel(title="time / time of the bash tool", series=_of(containers, " / old"))
    beside = (" / systemctl", " / nix-build")
    named = {
        name: {row: values for row, values in rows.items() if row.endswith(beside)} for name, rows in containers.items()
    }
    yield _Panel(title="time / time of systemctl or Nix alone", series=named)
    yield _Panel(title="evaluations with whole trees of nixpkgs", series=dict(_trees(found.get("NixOS", {}))))
    many = {f"{count} {kind}": rows for kind in ("installed", "running") for count, rows in found.get(kind, {}).items()}
    yield _Panel(title="time with a hundred containers / time with ten", series=_of(many, " / with 10"))


def _of(series: Mapping[str, Table], ending: str) -> dict[str, Table]:
    return {
        name: {row.removesuffix(ending): values for row, values in rows.items() if row.endswith(ending)}
        for name, rows in series.items()
    }


def _trees(trees: Mapping[str, Table]) -> Iterator[tuple[str, Table]]:
    """Give the rows of each tree, apart for each number of containers, which they have in parentheses."""
    for tree, rows in trees.items():
        for count in dict.fromkeys(row.rpartition(" (")[2].rstrip(")") for row in rows):
            ending = f" ({count})"
            title = f"NixOS {tree}, {count} container{'s' * (count != '1')}"
            yield title, {row.removesuffix(ending): values for row, values in rows.items() if row.endswith(ending)}


def _draw(panel: _Panel, axes: Axes) -> None:
    series = {name: rows for name, rows in panel.series.items() if rows}
    step = 0.7 / max(len(series), 1)
    for number, (name, rows) in enumerate(series.items()):
        look = {"color": _COLOURS[number % len(_COLOURS)], "marker": _MARKS[number % len(_MARKS)]}
        axes.plot([], [], linestyle="none", label=name, **look)
        for row, values in rows.items():
            place = panel.rows.index(row) + step * (number - (len(series) - 1) / 2)
            low, middle, high = quartiles(values)
            axes.plot([low, high], [place, place], color=look["color"], linewidth=1.5)
            axes.plot(middle, place, markersize=5, **look)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set_xscale("log")
    axes.set_xlim(_TICKS[0], _TICKS[-1])
    axes.set_xticks(_TICKS, [f"{tick:g}" for tick in _TICKS])
    axes.set_xticks([], minor=True)
    axes.tick_params(axis="x", labelbottom=True)
    axes.set_yticks(range(len(panel.rows)), panel.rows)
    axes.set_ylim(len(panel.rows) - 0.5, -0.5)
    axes.set_title(panel.title, loc="left", fontsize="medium")
    axes.grid(axis="x", color="#dddddd", linewidth=0.6)
    for place in range(1, len(panel.rows)):
        axes.axhline(place - 0.5, color="#eeeeee", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1.0), borderaxespad=0, frameon=False, fontsize="small")
