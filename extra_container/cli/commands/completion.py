"""``completion``: a script that completes command lines in bash."""

from __future__ import annotations

import argparse
from typing import cast

from extra_container.cli.command import Command
from extra_container.errors import PluginError

# Names are asked for when they are completed, so that the script stays right while containers come and go.
_SCRIPT = """\
_extra_container() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command=${{COMP_WORDS[1]}} options names=
  if ((COMP_CWORD == 1)); then
    mapfile -t COMPREPLY < <(compgen -W '{commands}' -- "$word")
    return
  fi
  case $command in
{options}
  *) options= ;;
  esac
  case $command in
  {named}) names=$(extra-container list) ;;
  esac
  mapfile -t COMPREPLY < <(compgen -W "$options $names" -- "$word")
}}
complete -o bashdefault -o default -F _extra_container extra-container
"""
_NAMED = (
    *("start", "stop", "restart", "terminate", "status", "destroy"),
    *("run", "login", "root-login", "show-ip", "show-host-key"),
)


class Completion(Command):
    """Print a completion script for bash."""

    needs_root = False
    epilog = 'use it:\n  eval "$(extra-container completion)"\n'

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the script."""
        del parsed_args
        names = sorted(self.app.command_manager.commands)
        options = [f"  {name}) options='{' '.join(self._options(name))}' ;;" for name in names]
        self.app.stdout.write(
            _SCRIPT.format(commands=" ".join(names), options="\n".join(options), named=" | ".join(_NAMED))
        )
        return 0

    def _options(self, name: str) -> list[str]:
        try:
            factory, _, _ = self.app.command_manager.find_command([name])
        except PluginError:
            return []  # who calls the command is told
        command = cast("Command", factory(self.app, self.app.options, cmd_name=name))
        return sorted(command.get_parser(name)._option_string_actions)
