"""A diagnosis as text: a line a finding, and below it what it means and what to do where something is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from extra_container.cli.output import terminal
from extra_container.model.diagnosis import Diagnosis, Verdict

_MARGIN = " " * 9


def text(found: Iterable[Diagnosis], width: int | None, *, offers_fix: bool) -> str:
    """Return all findings and, in the last line, how many of them are what; ``width`` as of :func:`.terminal.hanging`.

    With ``offers_fix`` it is told which of them the program can mend itself.
    """
    every = tuple(found)
    names = max((len(one.check) for one in every), default=0)
    lines = []
    for one in every:
        finding = one.finding
        head = f"{finding.verdict.value:<7}  {one.check:<{names}}  "
        lines.append(terminal.hanging(head, finding.found, width))
        if finding.meaning:
            lines.append(terminal.hanging(_MARGIN, finding.meaning, width))
        if finding.remedy:
            lines.append(terminal.hanging(f"{_MARGIN}-> ", finding.remedy, width))
        if finding.repair is not None and offers_fix:
            lines.append(terminal.hanging(f"{_MARGIN}-> ", f"--fix would: {finding.repair.what}", width))
    lines += ["", terminal.hanging("", _summary(every, offers_fix=offers_fix), width)]
    return "\n".join(lines) + "\n"


def _summary(every: tuple[Diagnosis, ...], *, offers_fix: bool) -> str:
    counts = Counter(one.finding.verdict for one in every)
    shown = [
        _counted(counts[verdict], word)
        for verdict, word in ((Verdict.ERROR, "error"), (Verdict.WARNING, "warning"), (Verdict.UNSEEN, "not seen"))
        if counts[verdict]
    ]
    result = "Something prevents containers" if counts[Verdict.ERROR] else "Nothing seen prevents containers"
    details = f" ({', '.join(shown)})" if shown else ""
    sentence = f"{result}{details}."
    if offers_fix and any(one.finding.repair is not None for one in every):
        sentence += " `extra-container doctor --fix` shows, and does, what is safe."
    return sentence


def _counted(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 or ' ' in word else 's'}"
