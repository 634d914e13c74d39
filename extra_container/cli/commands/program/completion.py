"""``completion``: a script that completes command lines in bash."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Iterable, Mapping
from typing import cast

from extra_container.cli.command import Command, NameCommand, NamesCommand
from extra_container.cli.commands.definition.destroy import Destroy
from extra_container.cli.parser import BUILD_ARGS, global_parser
from extra_container.model.errors import PluginError

# Names are asked for when they are completed, so that the script stays right while containers come and go. bash hands
# over `--option=value` as three words.
_SCRIPT = """\
_extra_container_values() {{
  case $1 in
{values}
  *) return 1 ;;
  esac
}}
_extra_container_options() {{
  case $1 in
{options}
  esac
}}
_extra_container_names() {{
  local name
  for name in $(extra-container list 2>/dev/null); do
    [[ " $* " == *" $name "* ]] || echo "$name"
  done
}}
_extra_container() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} command='' option='' item offered='' given=()
  COMPREPLY=()
  [[ $word != = ]] || word=''
  for item in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    if [[ $item == = ]]; then
      continue
    elif [[ $option ]]; then
      option=''
    elif [[ $command && $item == @({rest}) ]]; then
      return
    elif [[ $item == -* ]]; then
      ! _extra_container_values "$command $item" >/dev/null || option=$item
    elif [[ ! $command ]]; then
      command=$item
    else
      given+=("$item")
    fi
  done
  if [[ $option ]]; then
    offered=$(_extra_container_values "$command $option")
  elif [[ $command == run && ${{#given[@]}} != 0 ]]; then
    return
  elif [[ $word == -* ]]; then
    offered=$(_extra_container_options "$command")
  elif [[ ! $command ]]; then
    offered={commands}
  else
    case "$command ${{#given[@]}} ${{given[0]}}" in
    'help 0 ') offered={commands} ;;
    'plugins 0 ') offered='list new show' ;;
    'plugins 1 show') offered={plugins} ;;
    {one} | {many}) offered=$(_extra_container_names "${{given[@]}}") ;;
    esac
  fi
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}}
complete -o bashdefault -o default -F _extra_container extra-container
"""


class Completion(Command):
    """Print a completion script for bash."""

    needs_root = False
    epilog = 'use it:\n  eval "$(extra-container completion)"\n'

    def take_action(self, parsed_args: argparse.Namespace) -> int:
        """Print the script."""
        del parsed_args
        found = {name: self._load(name) for name in self.app.command_manager.names()}
        commands = {name: command for name, command in found.items() if command is not None}
        parsers = {"": global_parser(), **{name: command.get_parser(name) for name, command in commands.items()}}
        one = [name for name, command in commands.items() if isinstance(command, NameCommand)]
        many = [name for name, command in commands.items() if isinstance(command, NamesCommand | Destroy)]
        plugins = self.invocation.plugins.loaded.known
        values = {"host": self._hosts(), "disable_plugin": plugins}
        self.app.stdout.write(
            _SCRIPT.format(
                values="\n".join(line for name, parser in parsers.items() for line in _values(name, parser, values)),
                options="\n".join(
                    f"  {shlex.quote(name)}) echo {_quoted(sorted(parser._option_string_actions))} ;;"
                    for name, parser in parsers.items()
                ),
                commands=_quoted(found),
                rest="|".join((BUILD_ARGS, *self.app.command_manager.rest_options())),
                plugins=_quoted(plugins),
                one=" | ".join(f"'{name} 0 '" for name in one),
                many=" | ".join(f"'{name} '*" for name in many),
            )
        )
        return 0

    def _load(self, name: str) -> Command | None:
        try:
            factory, _, _ = self.app.command_manager.find_command([name])
        except PluginError:
            return None  # who calls the command is told
        return cast("Command", factory(self.app, self.app_args, cmd_name=name))

    def _hosts(self) -> list[str]:
        return self.invocation.plugins.remembering_hooks().host_names()


def _values(command: str, parser: argparse.ArgumentParser, known: Mapping[str, Iterable[str]]) -> list[str]:
    """Return a line for each option that takes a value. Where none is offered, bash offers files."""
    lines = []
    for action in parser._actions:
        if action.option_strings and action.nargs is None and not isinstance(action, argparse._HelpAction):
            values = action.choices if action.choices is not None else known.get("" if command else action.dest, ())
            cases = " | ".join(shlex.quote(f"{command} {option}") for option in action.option_strings)
            lines.append(f"  {cases}) echo {_quoted(map(str, values))} ;;")
    return lines


def _quoted(words: Iterable[str]) -> str:
    return shlex.quote(" ".join(words))
