"""What happens to the program, and at which of its changes."""

import json
from dataclasses import dataclass

from tests.system.crashes import seam
from tests.system.crashes.scenarios import NAME

SYSTEMD = ("/systemctl ", "/machinectl ", "/busctl ")
TIMED_OUT = "Failed to get properties: Connection timed out"
REFUSED = "Failed to start the unit: Access denied"


@dataclass(frozen=True, kw_only=True)
class Order:
    """What happens, at which change.

    ``do`` is "kill before", "kill after", "fail" with ``error`` once, "fail from here", "refuse": systemd's tool says
    ``says`` and fails, "nspawn": the container's supervisor is killed, or "watch": nothing, and each change tells
    whether the container runs. The change is the one with a ``mark``, which says what it is and how many were alike
    before it, or else the first one of a ``kind`` with ``what`` in it.
    """

    do: str
    mark: str = ""
    error: str = ""
    says: str = ""
    kind: str = ""
    what: str = ""

    def as_json(self):
        order = {key: value for key, value in vars(self).items() if value}
        return json.dumps({**order, "unit": f"container@{NAME}.service"})

    def means(self, change):
        """Whether a change is the one."""
        if self.mark:
            return change["mark"] == self.mark
        return change["kind"] == self.kind and self.what in change["what"]

    def fits(self, change):
        """Whether there is anything at a change for this to happen to."""
        match self.do:
            case "refuse":
                return change["kind"] == "subprocess.Popen" and any(tool in change["what"] for tool in SYSTEMD)
            case "fail" | "fail from here" if self.error == "EAGAIN":
                return change["kind"] in seam.PROCESSES
            case "fail from here" if self.error == "ENOSPC":
                return change["kind"] in seam.MAKING
            case "fail" | "fail from here":
                return change["kind"] in seam.FILES | {"open"}
            case "kill after":
                return change["kind"] != "the end"
            case "nspawn":
                return change["running"]
            case _:
                return True


FAULTS = {
    "kill before": {"do": "kill before"},
    "kill after": {"do": "kill after"},
    "EIO": {"do": "fail", "error": "EIO"},
    "full disk": {"do": "fail from here", "error": "ENOSPC"},
    "read-only": {"do": "fail from here", "error": "EROFS"},
    "no process": {"do": "fail", "error": "EAGAIN"},
    "systemd refuses": {"do": "refuse", "says": REFUSED},
    "systemd times out": {"do": "refuse", "says": TIMED_OUT},
    "nspawn killed": {"do": "nspawn"},
}
