"""Completion for zsh."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from extra_container.cli.grammar import branches
from extra_container.cli.grammar.branches import branch
from extra_container.cli.grammar.nodes import Node, Option
from extra_container.cli.grammar.offers import Offer, Offers, Source

# It works as a file `_extra-container` in zsh's function path, and by `eval`.
_SCRIPT = """\
#compdef extra-container
_extra_container_value() {{
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
_extra_container_operand() {{
  case $1 in
{operands}
  esac
}}
_extra_container_names() {{
  local -a names=(${{(f)"$(extra-container list 2>/dev/null)"}})
  names=(${{names:|given}})
  compadd -a names
}}
_extra_container_rest() {{
  case $1 in
  {rest_places}) return 0 ;;
  esac
  return 1
}}
_extra_container() {{
  local node= option= item
  local -a given reply
  for item in "${{(@)words[2,CURRENT-1]}}"; do
    ! _extra_container_rest "$node:$#given" || return 0
    if [[ -n $option ]]; then
      option=
    elif [[ -n $node && $item == ({rest_options}) ]]; then
      return 0
    elif [[ $item == -* ]]; then
      ! _extra_container_value "$node $item" || option=$item
    else
      reply=()
      (( $#given )) || _extra_container_words "$node"
      if (( ${{reply[(I)$item:*]}} )); then
        node=${{node:+$node }}$item
      else
        given+=($item)
      fi
    fi
  done
  ! _extra_container_rest "$node:$#given" || return 0
  if [[ -z $option && $PREFIX == --*=* ]]; then
    option=${{PREFIX%%=*}}
    compset -P '*='
  fi
  if [[ -n $option ]]; then
    reply=()
    _extra_container_value "$node $option" || return 0
    ${{reply[@]}}
  elif [[ $PREFIX == -* ]]; then
    reply=()
    _extra_container_options "$node"
    _describe -o option reply
  else
    reply=()
    (( $#given )) || _extra_container_words "$node"
    (( ! $#reply )) || _describe word reply
    reply=()
    _extra_container_operand "$node:$#given"
    ${{reply[@]}}
  fi
}}
if [[ ${{funcstack[1]}} == _extra-container ]]; then
  _extra_container "$@"
else
  compdef _extra_container extra-container
fi
"""


def script(offers: Offers) -> str:
    """Return the script. Functions leave in ``reply`` either entries WORD:HELP, or the command that offers words."""
    nodes = list(offers.tree.walk())
    return _SCRIPT.format(
        values=branches.of_values(offers, _command),
        options="\n".join(branch([node.name], _entries(_options(node))) for node in nodes if node.options),
        words="\n".join(branch([node.name], _entries(_words(node))) for node in nodes if node.words),
        operands=branches.of_operands(offers.places(), _command),
        **branches.rest(offers),
    )


def _entries(entries: Iterable[str]) -> str:
    return f"reply=({' '.join(map(shlex.quote, entries))})"


def _words(node: Node) -> list[str]:
    return [f"{word}:{_text(below.summary)}" for word, below in node.words.items()]


def _options(node: Node) -> list[str]:
    def entry(name: str, option: Option) -> str:
        return f"{name}:{_text(option.help)}"

    return [entry(name, option) for option in node.options for name in option.names]


def _text(words: str) -> str:
    return words.replace("\\", "\\\\").replace(":", "\\:")


def _command(offer: Offer) -> str:
    match offer.source:
        case Source.WORDS:
            return f"reply=(compadd -- {' '.join(map(shlex.quote, offer.words))})"
        case Source.FILES:
            return "reply=(_files)"
        case Source.CONTAINERS:
            return "reply=(_extra_container_names)"
        case Source.CONTAINERS_OR_FILES:
            return "if [[ $PREFIX == [./]* ]]; then reply=(_files); else reply=(_extra_container_names); fi"
        case Source.NOTHING:
            return "reply=(true)"
