"""Nix: command lines built, output understood."""

from __future__ import annotations

import grp
import json
import os
import re
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from extra_container.model.errors import BuildError, HostError, ProcessError
from extra_container.model.frozen import replace
from extra_container.model.values import (
    Base,
    BaseKind,
    BuiltSource,
    Definition,
    Evaluation,
    ExpressionSource,
    FileSource,
)
from extra_container.nix import blame, errors, trace
from extra_container.nix.place import Located
from extra_container.nix.trace import Position
from extra_container.state import runtime

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from extra_container.nix.option_names import OptionPath
    from extra_container.process import Completed, Runner

_NIX_FILES = Path(__file__).parent
EVAL_FILE = _NIX_FILES / "eval.nix"
HOST_BASE = _NIX_FILES / "host-base"

_BUILD_LINE = re.compile(
    r"(these \d+ derivations|this derivation) will be built:|  /nix/store/\S+\.drv$|building '/nix/store/"
)

# It takes a tenth of a second; more only for what a definition itself computes.
_LOCATING_SECONDS = 20

# The kernel limits one argument to 128 KiB (MAX_ARG_STRLEN, execve(2)).
_LONGEST_ARGUMENT = 128 * 1024 - 1


def has_nixpkgs(definition: Definition, runner: Runner) -> bool:
    """Whether a definition names its own nixpkgs, or ``<nixpkgs/nixos>`` can be found.

    Raises :class:`.HostError` without Nix, and :class:`.BuildError` for a
    definition that cannot be read.
    """
    argv = ["nix-instantiate", "--eval", "--json", *arguments(definition), "-A", "hasNixpkgs"]
    # What Nix says while it reads a definition is told when the definition is built.
    done = _run([*argv, *_for_evaluation(definition.build_args)], definition, runner, lambda _line: None)
    return bool(json.loads(done.stdout))


def build(definition: Definition, out_link: Path, runner: Runner, tell: Callable[[str], None]) -> Path:
    """Build a definition's ``etc`` and return its store path.

    ``out_link`` keeps the result from garbage collection while it exists. Lines that Nix prints while it works go to
    ``tell``. Raises :class:`.BuildError` with Nix' error.
    """
    argv = ["nix-build", *arguments(definition), "-A", "etc", "--out-link", str(out_link), *definition.build_args]
    _run(argv, definition, runner, tell)
    return Path(os.path.realpath(out_link))


def realise(
    derivation: str, definition: Definition, out_link: Path, runner: Runner, tell: Callable[[str], None]
) -> Path:
    """Build what :func:`derivation` returned; as :func:`build` does in all else."""
    argv = ["nix-build", derivation, "--out-link", str(out_link), *settings(definition.base), *definition.build_args]
    _run(argv, definition, runner, tell)
    return Path(os.path.realpath(out_link))


def build_silently(derivations: Sequence[str], definition: Definition, out_link: Path, runner: Runner) -> None:
    """Build derivations as far as that succeeds; nothing is told.

    ``out_link``, and numbered ones beside it, keep the results from garbage collection.
    """
    argv = ["nix-build", *derivations, *settings(definition.base), *definition.build_args, "--out-link", str(out_link)]
    with _temporary_files(definition) as environment:
        runner.stream(argv, on_stderr=lambda _line: None, environment=environment)


def derivation(definition: Definition, root: Path, runner: Runner, tell: Callable[[str], None]) -> str:
    """Evaluate a definition's ``etc`` only and return the path of its derivation.

    ``root`` keeps it from garbage collection while it exists. Raises :class:`.BuildError` with
    Nix' error.
    """
    return instantiate([*arguments(definition), "-A", "etc"], definition, root, runner, tell)


def instantiate(
    words: Sequence[str], definition: Definition, root: Path, runner: Runner, tell: Callable[[str], None]
) -> str:
    """Evaluate what words for Nix say, for a definition, and return the path of the derivation that ``root`` keeps.

    Raises :class:`.BuildError` with Nix' error.
    """
    argv = ["nix-instantiate", *words, "--add-root", str(root), "--indirect"]
    _run([*argv, *definition.build_args], definition, runner, tell)
    return os.path.realpath(root)


def container_names(definition: Definition, runner: Runner, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Return the names of a definition's containers, sorted, without building them.

    Raises :class:`.BuildError` with Nix' error.
    """
    argv = ["nix-instantiate", "--eval", "--json", "--strict", *arguments(definition), "-A", "names"]
    names = json.loads(_run([*argv, *definition.build_args], definition, runner, tell).stdout)
    return tuple(sorted(names))


def small_lacks(definition: Definition, runner: Runner) -> str | None:
    """Return what the small evaluation lacks with a definition's nixpkgs whatever is defined; ``None`` if it works."""
    small = replace(definition, evaluation=Evaluation.SMALL)
    argv = ["nix-instantiate", "--eval", *arguments(small), "-A", "canary", *_for_evaluation(definition.build_args)]
    try:
        _run(argv, small, runner, lambda _line: None)
    except errors.NixError as error:
        return blame.lacking(error, definition.source)
    return None


def try_out(definition: Definition, runner: Runner) -> None:
    """Evaluate a definition and keep nothing of it. Raises :class:`.BuildError` with Nix' error."""
    argv = ["nix-instantiate", "--eval", *arguments(definition), "-A", "etc.drvPath"]
    _run([*argv, *_for_evaluation(definition.build_args)], definition, runner, lambda _line: None)


def arguments(definition: Definition) -> list[str]:
    """Return the words that make Nix evaluate a definition: the file to evaluate and its arguments."""
    words = [str(EVAL_FILE), *_base_arguments(definition.base), *_source_arguments(definition)]
    inputs = definition.inputs
    words += ["--argstr", "attrPath", json.dumps(definition.attr_path)]
    words += ["--argstr", "pluginModules", json.dumps([str(module) for module in inputs.modules])]
    words += ["--argstr", "inputs", json.dumps(dict(inputs.values))]
    words += ["--argstr", "kernelVersion", definition.kernel_release]
    if definition.system:
        words += ["--argstr", "system", definition.system]
    if definition.only is not None:
        words += ["--argstr", "only", json.dumps(definition.only)]
    if definition.evaluated is not None:
        words += ["--argstr", "evaluated", str(definition.evaluated)]
    if definition.evaluation is not Evaluation.AUTO:
        words += ["--argstr", "mode", definition.evaluation.value]
    # `pwd` comes as an option: setting NIX_PATH would switch off the channels that Nix finds without it.
    words += ["-I", f"pwd={Path.cwd()}"]
    return words + settings(definition.base)


def _base_arguments(base: Base) -> list[str]:
    match base.kind:
        case BaseKind.DEFAULT:
            return ["--arg", "nixos", "<nixpkgs/nixos>"]
        case BaseKind.NIXOS:
            return ["--arg", "nixos", base.expression, "--argstr", "treeOption", base.option]
        case BaseKind.NIXPKGS:
            return ["--arg", "nixpkgs", base.expression, "--argstr", "treeOption", base.option]
        case BaseKind.HOST:
            return ["--argstr", "nixpkgs", str(HOST_BASE)]


def _source_arguments(definition: Definition) -> list[str]:
    match definition.source:
        case ExpressionSource(text=text, origin=origin):
            if len(text.encode()) > _LONGEST_ARGUMENT:
                raise BuildError(
                    f"The definition from {origin} is longer than 128 KiB", hint="Put it in a file and give its path."
                )
            return ["--arg", "definition", text, "--argstr", "definitionName", origin]
        case FileSource(path=path):
            return ["--argstr", "definitionFile", str(path)]
        case BuiltSource(path=path):
            raise AssertionError(f"{path} is built already")


def _for_evaluation(build_args: tuple[str, ...]) -> list[str]:
    """Return what of the user's words for Nix decides where ``<nixpkgs>`` is."""
    pairs = pairwise((*build_args, ""))
    return [part for word, value in pairs if word in {"-I", "--include"} for part in (word, value)]


def settings(base: Base) -> list[str]:
    """Return, as words for Nix, the settings that a machine without a Nix set-up of its own lacks."""
    settings = []
    if base.kind is BaseKind.HOST:
        # The host base's packages link to /usr, which a sandbox hides, and no cache has them.
        settings += ["--option", "sandbox", "false", "--option", "substituters", ""]
    if os.geteuid() == 0 and not _group_exists("nixbld"):
        settings += ["--option", "build-users-group", ""]
    return settings


def _group_exists(name: str) -> bool:
    try:
        grp.getgrnam(name)
    except KeyError:
        return False
    return True


def _require_nix(runner: Runner) -> None:
    if runner.look("nix-build") is None:
        raise HostError("Nix was not found", hint="Install Nix: https://nixos.org/download, or Debian's nix-bin.")


def _run(argv: list[str], definition: Definition, runner: Runner, tell: Callable[[str], None]) -> Completed:
    _require_nix(runner)
    held: list[str] = []
    quick = definition.base.kind is BaseKind.HOST  # its derivations are built faster than their names can be read

    def on_line(line: str) -> None:
        # What comes from the first `error:` on is told by the message that ends the command, if it fails.
        if held or line.startswith("error:"):
            held.append(line)
        elif not (quick and _BUILD_LINE.match(line)):
            tell(line)

    # Where an error is stands in the trace only.
    with _temporary_files(definition) as environment:
        done = runner.stream([*argv, "--show-trace"], on_stderr=on_line, environment=environment)
    if done.returncode != 0:
        _require_readable(definition.base, runner)
        raise errors.build_error(
            done,
            definition,
            lambda derivation: _log_of(derivation, runner),
            lambda paths: _locate(definition, paths, runner),
        )
    for line in held:
        tell(line)
    return done


def _require_readable(base: Base, runner: Runner) -> None:
    """Raise the error of an expression for a nixpkgs that is no Nix: Nix tells it like one of the definition."""
    if not base.expression:
        return
    done = runner.run(["nix-instantiate", "--parse", "--expr", base.expression], check=False)
    failure = trace.read(done.stderr.splitlines())
    if done.returncode != 0 and failure is not None:
        raise errors.unreadable_tree(base.option, failure.reason)


@contextmanager
def _temporary_files(definition: Definition) -> Iterator[Mapping[str, str]]:
    """Let Nix build where the directories of builds that were killed are found again."""
    kept = {"-K", "--keep-failed"} & set(definition.build_args)
    with ExitStack() as stack:
        try:
            directory = None if kept else stack.enter_context(runtime.temporary_directory())
        except HostError:
            directory = None  # Nix may do without temporary files, and says where it lacks room
        yield {} if directory is None else {"TMPDIR": str(directory)}


def _log_of(derivation: str, runner: Runner) -> list[str]:
    """Return the lines that a derivation's builder printed; none if Nix keeps no logs or has none of it."""
    return runner.run(["nix-store", "--read-log", derivation], check=False).stdout.splitlines()


def _locate(definition: Definition, paths: Sequence[OptionPath], runner: Runner) -> Sequence[Located]:
    """Find out where a definition sets options; nothing is known of one that cannot be read, or not in this time."""
    argv = ["nix-instantiate", "--eval", "--json", "--strict", *arguments(definition), "-A", "located"]
    argv += ["--argstr", "optionPaths", json.dumps(paths), *_for_evaluation(definition.build_args)]
    try:
        done = runner.run(argv, timeout=_LOCATING_SECONDS)
    except ProcessError:
        return ()
    return [
        Located(depth=found["depth"], places=tuple(Position(**position) for position in found["places"]))
        for found in json.loads(done.stdout)
    ]
