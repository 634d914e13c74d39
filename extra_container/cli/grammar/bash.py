"""Completion for bash."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from extra_container.cli.grammar import branches
from extra_container.cli.grammar.branches import branch
from extra_container.cli.grammar.offers import Offer, Offers, Source

# bash offers files by itself where nothing else is.
_BY_BASH = {Source.NOTHING, Source.FILES}
# Names are asked for when they are completed. bash hands over `--option=value` as three words.
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
_extra_container_words() {{
  case $1 in
{words}
  esac
}}
_extra_container_operands() {{
  case $1 in
{operands}
  esac
}}
_extra_container_names() {{
  local name
  for name in $(extra-container list 2>/dev/null); do
    [[ " $* " == *" $name "* ]] || echo "$name"
  done
}}
_extra_container() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} node='' option='' item offered='' given=()
  COMPREPLY=()
  [[ $word != = ]] || word=''
  for item in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$node:${{#given[@]}}" in
    {rest_places}) return ;;
    esac
    if [[ $item == = ]]; then
      continue
    elif [[ $option ]]; then
      option=''
    elif [[ $node && $item == @({rest_options}) ]]; then
      return
    elif [[ $item == -* ]]; then
      ! _extra_container_values "$node $item" >/dev/null || option=$item
    elif [[ ${{#given[@]}} == 0 && " $(_extra_container_words "$node") " == *" $item "* ]]; then
      node=${{node:+$node }}$item
    else
      given+=("$item")
    fi
  done
  case "$node:${{#given[@]}}" in
  {rest_places}) return ;;
  esac
  if [[ $option ]]; then
    offered=$(_extra_container_values "$node $option")
  elif [[ $word == -* ]]; then
    offered=$(_extra_container_options "$node")
  else
    [[ ${{#given[@]}} != 0 ]] || offered=$(_extra_container_words "$node")
    offered+=" $(_extra_container_operands "$node:${{#given[@]}}" "${{given[@]}}")"
  fi
  mapfile -t COMPREPLY < <(compgen -W "$offered" -- "$word")
}}
complete -o bashdefault -o default -F _extra_container extra-container
"""


def script(offers: Offers) -> str:
    """Return the script. What it has no words for, bash completes with files."""
    nodes = list(offers.tree.walk())
    return _SCRIPT.format(
        values=branches.of_values(offers, _say),
        options="\n".join(
            branch([node.name], f"echo {_quoted(sorted(name for option in node.options for name in option.names))}")
            for node in nodes
            if node.options
        ),
        words="\n".join(branch([node.name], f"echo {_quoted(node.words)}") for node in nodes if node.words),
        operands=branches.of_operands((one for one in offers.places() if one.offer.source not in _BY_BASH), _say),
        **branches.rest(offers),
    )


def _say(offer: Offer) -> str:
    if offer.source in {Source.CONTAINERS, Source.CONTAINERS_OR_FILES}:
        return '_extra_container_names "${@:2}"'
    return f"echo {_quoted(offer.words)}"


def _quoted(words: Iterable[str]) -> str:
    return shlex.quote(" ".join(words))
