"""The words of NixOS' test driver that containers cannot follow, each with the reason."""

from __future__ import annotations

import ast
from types import MappingProxyType

_SCREEN = "a container has no screen and no keyboard"
_CONSOLE = (
    'a container\'s console is its journal: use machine.journal() or wait_until_succeeds("journalctl … | grep …")'
)
_QEMU = "a container is no virtual machine of QEMU"

REASONS = MappingProxyType(
    dict.fromkeys(
        (
            "screenshot", "get_screen_text", "get_screen_text_variants", "wait_for_text", "wait_for_x",
            "wait_for_window",
            "get_window_names", "send_key", "send_chars", "send_keys", "get_tty_text", "wait_until_tty_matches",
            "dump_tty_contents", "sleep_until_screen",
        ),
        _SCREEN,
    )
    | dict.fromkeys(("wait_for_console_text", "get_console_log", "send_console", "console_interact"), _CONSOLE)
    | dict.fromkeys(
        ("send_monitor_command", "forward_port", "wait_for_qmp_event", "qmp_client", "wait_for_monitor_prompt"), _QEMU
    )
    | dict.fromkeys(
        ("shared_dir", "state_dir", "tmp_dir"),
        "a container has no directory in common with its test: use copy_from_host and copy_from_machine",
    )
    | {
        "switch_root": "a container has no initial RAM disk",
        "shell_interact": "use --keep-containers, and open a shell with `extra-container root-login`",
    }
)  # fmt: skip

_DRIVER = MappingProxyType(
    {
        "create_machine": "machines are what the test declares as nodes",
        "polling_condition": "conditions that are checked beside the test are not there; check them in the test",
    }
)


def problems(script: str) -> list[str]:
    """Return what of a test script cannot be done, each once, with its line; a script that is no Python has none."""
    try:
        tree = ast.parse(script)
    except SyntaxError:
        return []
    found: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in REASONS:
            found.setdefault(node.attr, f"line {node.lineno}: {node.attr}: {REASONS[node.attr]}")
        elif isinstance(node, ast.Name) and node.id in _DRIVER:
            found.setdefault(node.id, f"line {node.lineno}: {node.id}: {_DRIVER[node.id]}")
    return list(found.values())
