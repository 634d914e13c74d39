"""``plugins``: what is loaded, from where."""

from __future__ import annotations

import argparse

from extra_container.cli.command import Command


class Plugins(Command):
    """List the plugins: name, package, version and state."""

    needs_root = False

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print a line a plugin."""
        del parsed_args
        loaded = self.app.plugins
        rows = [(plugin, "loaded") for plugin in loaded.plugins]
        rows += [(plugin, "disabled") for plugin in loaded.disabled]
        rows += [(failure.plugin, f"broken: {failure.error}") for failure in loaded.failures]
        for plugin, state in sorted(rows, key=lambda row: row[0].name):
            self.app.stdout.write(f"{plugin.name:<12} {plugin.package:<24} {plugin.version:<10} {state}\n")
        return 0
