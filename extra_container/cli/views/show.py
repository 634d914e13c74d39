"""Everything about one container, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from extra_container.cli.output import terminal
from extra_container.cli.views import status as table
from extra_container.cli.views.amounts import size, span, timestamp
from extra_container.model.plain import one_line

if TYPE_CHECKING:
    from extra_container.inspection.status import ContainerStatus

_INDENT = "  "
_TITLE = 14


def fields(one: ContainerStatus, details: Mapping[str, object]) -> dict[str, object]:
    """Return all fields for programs: those of ``status``, and what it does not tell. Pure."""
    found = dict(zip(table.COLUMNS, table.values(one), strict=True)) | dict(details)
    known = found["provenance"]
    if isinstance(known, Mapping):
        found["provenance"] = {**known, "time": timestamp(known["time"])}
    return found


def text(shown: Mapping[str, Any], width: int | None) -> str:
    """Return the fields as lines of a title and what there is to say, for a terminal of that width. Pure."""
    lines = [one_line(shown["name"])]
    for title, said in _sentences(shown):
        for number, sentence in enumerate(said):
            head = f"{_INDENT}{title if number == 0 else '':<{_TITLE}}"
            lines.append(terminal.hanging(head, one_line(sentence), width))
    return "\n".join(lines) + "\n"


def _sentences(shown: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:
    """Give titles with the sentences below them; those without any are left out."""
    for title, said in (
        ("state", _state(shown)),
        ("failed", _failure(shown)),
        ("definition", _definition(shown)),
        ("system", _system(shown)),
        ("network", _network(shown["network"])),
        ("ports", shown["network"]["ports"]),
        ("binds", [_bind(bind) for bind in shown["binds"]]),
        ("usage", _usage(shown)),
        ("limits", _limits(shown["limits"])),
        ("users", [] if shown["private_users"] == "no" else [f"private: {shown['private_users']}"]),
        ("unit", _unit(shown["unit"])),
        ("conf", [_link(shown["conf"]["link"], shown["conf"]["file"])]),
        ("data", [shown["root"]]),
        ("GC roots", [_root(root) for root in shown["gc_roots"]]),
    ):
        if said:
            yield title, list(filter(None, said))


def _state(shown: Mapping[str, Any]) -> list[str]:
    since = f" since {_clock(shown['since'])}" if shown["since"] else ""
    uptime = f" ({span(shown['uptime'])})" if shown["uptime"] is not None else ""
    leader = f", PID {shown['leader']} on the host" if shown["leader"] is not None else ""
    again = f", started again {shown['restarts']} times by itself" if shown["restarts"] else ""
    health = f" ({shown['health']})" if shown["health"] else ""
    return [f"{shown['state']}{health}{since}{uptime}{leader}{again}"]


def _failure(shown: Mapping[str, Any]) -> list[str]:
    units = [f"in it: {', '.join(shown['failed_units'])}"] if shown["failed_units"] else []
    return [*units, *([f"result {shown['reason']}"] if shown["reason"] else []), *shown["journal"]]


def _clock(time: str) -> str:
    """Return a time of ISO 8601 as the clock on the wall shows it."""
    return time[: len("2026-11-26T06:19:07")].replace("T", " ")


def _definition(shown: Mapping[str, Any]) -> list[str]:
    known = shown["provenance"]
    if known is None:
        return []
    base = "" if known["base"] == "auto" else f" with {known['base']}"
    says = "it is what the definition says" if shown["as_defined"] else shown["check"]
    return [
        shown["definition"],
        f"installed {_clock(known['time'])}, read in {known['directory']}{base}",
        f"build {known['build']}",
        says or "",
        *([f"set {known['set']}"] if known["set"] else []),
        f"plugins: {', '.join(map(_plugin, known['plugins']))}",
    ]


def _plugin(name: str) -> str:
    """Return a plugin's name, with its package where that is another one than the program's."""
    short, _, package = name.partition(" (")
    return short if package.startswith("extra-container ") else name


def _system(shown: Mapping[str, Any]) -> list[str]:
    running = shown["running_system"]
    runs = {True: "it runs what is installed", False: "it does not run what is installed yet", None: ""}
    different = running is not None and shown["as_installed"] is False
    return [shown["system"] or "", runs[shown["as_installed"]], f"runs {running}" if different else ""]


def _network(network: Mapping[str, Any]) -> list[str]:
    got = [address for address in network["addresses"] if address not in _given(network)]
    return [
        network["description"],
        f"addresses: {', '.join(_given(network))}" if _given(network) else "",
        f"addresses that it got: {', '.join(got)}" if got else "",
        f"the host's: {', '.join(_hosts(network))}" if _hosts(network) else "",
    ]


def _given(network: Mapping[str, Any]) -> list[str]:
    return [network[field].partition("/")[0] for field in ("local_address", "local_address6") if network[field]]


def _hosts(network: Mapping[str, Any]) -> list[str]:
    return [network[field] for field in ("host_address", "host_address6") if network[field]]


def _bind(bind: Mapping[str, Any]) -> str:
    rights = "read-only" if bind["read_only"] else "writable"
    options = f", {bind['options']}" if bind["options"] else ""
    return f"{bind['host']} as {bind['container']} ({rights}{options})"


def _usage(shown: Mapping[str, Any]) -> list[str]:
    parts = {
        "memory": size(shown["memory"]) if shown["memory"] is not None else "",
        "CPU": span(shown["cpu"]) if shown["cpu"] is not None else "",
        "tasks": str(shown["tasks"]) if shown["tasks"] is not None else "",
    }
    return [", ".join(f"{name} {amount}" for name, amount in parts.items() if amount)]


def _limits(limits: Mapping[str, Any]) -> list[str]:
    said = [f"unit: {key}={value}" for key, value in limits["unit"].items()]
    kernel = limits["enforced"] or {}
    enforced = {
        "memory": size(kernel.get("memory_max")) if kernel.get("memory_max") is not None else "",
        "memory before it is slowed down": size(kernel.get("memory_high")) if kernel.get("memory_high") else "",
        "swap": size(kernel.get("swap_max")) if kernel.get("swap_max") is not None else "",
        "CPUs": f"{kernel['cpu_max']:g}" if kernel.get("cpu_max") else "",
        "tasks": str(kernel["tasks_max"]) if kernel.get("tasks_max") is not None else "",
    }
    held = ", ".join(f"{name} {amount}" for name, amount in enforced.items() if amount)
    vain = said and not held and limits["enforced"] is not None
    return [*said, f"enforced: {held}" if held else "", "the kernel enforces none of them here" if vain else ""]


def _unit(unit: Mapping[str, Any]) -> list[str]:
    started = [f"started by {directory}" for directory in unit["pulled_in_by"]]
    auto = "starts with the host" if unit["auto_start"] else ""
    used = unit["used"] if unit["used"] not in {unit["link"], None} else None
    return [
        _link(unit["link"] or unit["used"], unit["file"]),
        f"the manager uses {used}" if used else "",
        auto,
        *started,
    ]


def _link(link: str | None, file: str | None) -> str:
    return " -> ".join(filter(None, (link, file)))


def _root(root: Mapping[str, Any]) -> str:
    if root["link"] is None:
        return f"{root['root']} is missing"
    return f"{root['root']} -> {root['link']}" + ("" if root["whole"] else ", which leads nowhere")
