"""What people read of a preview: for each container what would be done, and why. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from extra_container.cli.output.terminal import hanging
from extra_container.model.plain import one_line
from extra_container.model.plans import Change, Difference, Place
from extra_container.nix.switch import Rehearsal
from extra_container.pipeline.plan import Action, Cause
from extra_container.preview import document, options, scripts
from extra_container.preview.closures import ClosureChange, PackageChange
from extra_container.preview.look import Preview, Prospect

_VERBS = {
    "install": "install",
    "link": "change what starts it",
    "start": "start",
    "update": "update live",
    "restart": "restart",
}
_MOST = 8  # lines of one kind; JSON has all
_UNITS = (("stop", "stop"), ("reload", "reload"), ("restart", "restart"), ("start", "start"), ("skip", "leave"))


def render(preview: Preview, width: int | None = None) -> str:
    """Return the text, with lines that fit into ``width`` columns where it is given."""
    changed = [one for one in preview.containers if one.has_news]
    blocks = ["\n".join(lines)] if (lines := _recovered(preview, width)) else []
    blocks += _blocks(changed, width)
    quiet = [one_line(one.name) for one in preview.containers if not one.has_news]
    if quiet:
        blocks.append(hanging("Unchanged: ", ", ".join(quiet), width))
    if preview.pruned:
        blocks.append("\n".join(_pruned(preview, width)))
    return "\n\n".join([*blocks, summary(preview)]) + "\n"


def summary(preview: Preview) -> str:
    """Return a line with the number of containers of each kind."""
    done = [document.actions(one) for one in preview.containers]
    counts = [(sum(verb in one for one in done), words) for verb, words in _VERBS.items()]
    said = [f"{count} to {words}" for count, words in counts if count]
    said += [f"{len(preview.pruned)} to destroy"] if preview.pruned else []
    return f"Plan: {', '.join(said)}." if said else "Nothing to do."


def _pruned(preview: Preview, width: int | None) -> Iterator[str]:
    """Yield what is said of the containers that would be destroyed."""
    data = "; the data stays" if preview.request.keep_data else " with all data"
    yield hanging("", f"{_listed(preview.pruned)}: destroy{data}", width)
    yield hanging("  ", f"of the set {one_line(preview.request.set_name or '')}, and not in the definition", width)


def _recovered(preview: Preview, width: int | None) -> list[str]:
    """Return what is said of a run that was broken off."""
    lines = []
    if preview.recovered.brought_back:
        names = _listed(sorted(preview.recovered.brought_back))
        lines.append(hanging("  ", f"what was installed before comes back: {names}", width))
    if preview.recovered.started:
        lines.append(hanging("  ", f"what ran before is started again: {_listed(preview.recovered.started)}", width))
    return ["First, for a run that was broken off:", *lines] if lines else []


def _blocks(changed: list[Prospect], width: int | None) -> list[str]:
    """Return what is said of containers; of some it is the same."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in changed:
        groups.setdefault((_verbs(one), *_lines(one, width)), []).append(one.name)
    return [
        "\n".join([hanging("", f"{_listed(names)}: {verbs}", width), *lines])
        for (verbs, *lines), names in groups.items()
    ]


def _verbs(one: Prospect) -> str:
    verbs = [_VERBS[action] for action in document.actions(one)]
    only = " only" if verbs == [_VERBS["install"]] else ""
    new = " (new)" if one.item.change is Change.NEW else ""
    return f"{' and '.join(verbs) or 'nothing'}{only}{new}"


def _lines(one: Prospect, width: int | None) -> Iterator[str]:
    for text in (*_why(one), *_starting(one)):
        yield hanging("  ", text, width)
    for head, text in _differences(one):
        yield hanging(head, text, width)
    if one.closure is not None and one.closure.packages:
        yield hanging("  packages: ", "; ".join(_packages(one.closure, new=one.item.change is Change.NEW)), width)
    if one.rehearsal is not None and one.decision.action is Action.UPDATE:
        yield hanging("  units: ", _units(one.rehearsal), width)
    if one.refused is not None:
        yield hanging("  ", f"the update would fail: {one_line(one.refused)}", width)


def _why(one: Prospect) -> Iterator[str]:
    causes, action = one.decision.causes, one.decision.action
    if Cause.LACKING in causes:
        yield "it runs, and lacks what was installed earlier"
    if Cause.INTERRUPTED in causes:
        yield "it ran before a run that was broken off"
    if action is Action.RESTART:
        yield from _why_restart(causes)
    if action is Action.START and Cause.BOOTING in causes:
        yield "it is not up yet, and is waited for"
    if Cause.UNASKED in causes and action is None:
        if Cause.DOWN in causes:
            yield "it does not run; --start starts it"
        else:
            yield "what runs goes on as it is; --update-changed brings it up to date"


def _why_restart(causes: frozenset[Cause]) -> Iterator[str]:
    if Cause.ASKED in causes:
        yield "a restart, since --restart-changed is given"
    if Cause.BOOTING in causes:
        yield "a restart, since it is not up and cannot be updated"
    if Cause.INHIBITED in causes:
        yield "a restart, since the new system cannot replace the running one (switch inhibitors, or it has no switch)"
    if Cause.NEEDED in causes and Cause.CHANGED not in causes:
        yield "a restart, since no update brings that"


def _starting(one: Prospect) -> Iterator[str]:
    begin, cease = document.starting_units(one)
    if begin and one.item.change is not Change.NEW:
        yield f"starts along with {_listed(begin)}"
    if cease:
        yield f"does not start along with {_listed(cease)} any more"


def _differences(one: Prospect) -> Iterator[tuple[str, str]]:
    """Yield the differences, those that only a restart brings first, with what stands before each."""
    parts = [part for whole in one.item.differences for part in options.one_by_one(whole)]
    forcing = [part for part in parts if not part.live]
    if forcing:
        yield "  ", "only a restart brings:" if one.state.up else "changed:"
        yield from _listed_differences(one.name, forcing)
        # Addresses and the like are in scripts, too, where nobody would look for them.
        if not any(part.place is Place.CONF for part in forcing):
            yield from _of_scripts(one)
    live = [part for part in parts if part.live]
    if any(_key(part) == "SYSTEM_PATH" for part in live):
        yield "  ", "the configuration inside changed"
    rest = [part for part in live if _key(part) not in {"SYSTEM_PATH", "X-Restart-Triggers"}]
    if rest:
        yield "  ", "an update brings:"
        yield from _listed_differences(one.name, rest)


def _listed_differences(name: str, parts: list[Difference]) -> Iterator[tuple[str, str]]:
    others = [part for part in parts if scripts.is_other_script(part)]
    lines = [part for part in parts if part not in others]
    for part in lines[:_MOST]:
        option = options.option_of(name, part)
        option = f"  ({option.removeprefix(f'containers.{name}.')})" if option else ""
        yield f"    {part.place.value}: ", f"{_shown(part)}{one_line(option)}"
    if len(lines) > _MOST:
        yield "    ", f"and {len(lines) - _MOST} more"
    if others:
        keys = dict.fromkeys(_key(part) for part in others)
        yield "    unit: ", f"other scripts: {', '.join(keys)}"


def _of_scripts(one: Prospect) -> Iterator[tuple[str, str]]:
    lines = [
        f"{sign} {one_line(line.strip())}"
        for script in one.scripts
        for sign, side in (("-", script.removed), ("+", script.added))
        for line in side
    ]
    lines = list(dict.fromkeys(lines))
    yield from (("      ", line) for line in lines[:_MOST])
    if len(lines) > _MOST:
        yield "      ", f"and {len(lines) - _MOST} more lines"


def _key(part: Difference) -> str:
    return (part.after or part.before or "").partition("=")[0]


def _shown(part: Difference) -> str:
    before, after = (
        None if text is None else one_line(scripts.without_hashes(text)) for text in (part.before, part.after)
    )
    if before is None:
        return f"+ {after}"
    return f"- {before}" if after is None else f"{before} -> {after}"


def _packages(change: ClosureChange, *, new: bool) -> Iterator[str]:
    if new:
        yield f"{len(change.packages)}, {size(change.size_after)}"
        return
    versions = [package for package in change.packages if not package.rebuilt]
    yield from (_package(package) for package in versions[:_MOST])
    if len(versions) > _MOST:
        yield f"{len(versions) - _MOST} more"
    rebuilt = len(change.packages) - len(versions)
    if rebuilt:
        yield f"{rebuilt} rebuilt"
    difference = change.size_after - change.size_before
    yield f"{'+' if difference >= 0 else '-'}{size(abs(difference))}"


def _package(package: PackageChange) -> str:
    before, after = (one_line(", ".join(filter(None, side))) for side in (package.before, package.after))
    name = one_line(package.name)
    if not package.before:
        return f"+ {name} {after}".rstrip()
    if not package.after:
        return f"- {name} {before}".rstrip()
    return f"{name} {before or 'without version'} -> {after or 'without version'}"


def size(number: int) -> str:
    """Return a number of bytes for people."""
    value, units = float(number), ["B", "KiB", "MiB", "GiB"]
    while value >= 1024 and len(units) > 1:
        value, units = value / 1024, units[1:]
    return f"{value:.1f} {units[0]}" if units[0] != "B" else f"{number} B"


def _units(rehearsal: Rehearsal) -> str:
    if rehearsal.problem is not None:
        return f"not known: {one_line(rehearsal.problem)}"
    said = [f"{word} {_listed(getattr(rehearsal, kind))}" for kind, word in _UNITS if getattr(rehearsal, kind)]
    return f"{'; '.join(said)}; perhaps more" if said else "none that is known of"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(one_line, names))
