"""Starting a job where it outlives who asked for it, and doing it."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from extra_container.plugin import ExtraContainerError, Runner, remove_tree
from extra_container.plugin_command import shell_code
from extra_container_remote.job import confirmation, next_boot
from extra_container_remote.job.files import Job

if TYPE_CHECKING:
    from extra_container.plugin_command import Context
    from extra_container_remote.job.change import Change

_LONGEST_END = 600  # seconds


def start(
    job: Job,
    call: Sequence[str],
    root: str | None,
    runner: Runner,
    environment: Mapping[str, str],
    *,
    afterwards: Sequence[str] = (),
) -> None:
    """Have ``call`` work on a job that was just made; ``root`` is kept from the garbage collector first.

    Where there is systemd, ``afterwards`` is called in the end, whatever ended the first. Nothing is left of the job
    where :class:`.ProcessError` is raised: the path is not there, or nothing starts.
    """
    try:
        if root is not None:
            runner.run(["nix-store", "--realise", root, "--add-root", str(job.root), "--indirect"])
        if next_boot.BOOTED.is_dir():
            _as_unit(job, call, afterwards, runner)
        else:
            _as_orphan(call, runner, environment)
    except BaseException:
        remove_tree(job.directory)
        raise


def carry_out(job: Job, call: Sequence[str], context: Context, change: Change, confirm_within: float | None) -> int:
    """Do what a job is for; with ``confirm_within``, wait so many seconds until that is confirmed, or go back."""
    code = 1
    with job.at_work():
        try:
            if confirm_within is not None:
                confirmation.remember(job, change, context)
            with job.out.open("a") as out, job.err.open("a") as err:
                with context.runner.begin(call, stdout=out, stderr=err) as child:
                    child.wait()
                code = shell_code(child.returncode)
        except ExtraContainerError as error:
            with job.err.open("a") as err:
                err.write(f"Error: {error.message}\n")
            code = error.exit_code
        except BaseException:
            confirmation.broken_off(job)
            raise
        finally:
            job.finish(code)
        if confirm_within is not None:
            if code == 0:
                confirmation.remember_end(change, context)
            confirmation.await_word(job, change, confirm_within if code == 0 else 0, context)
    return code


def _as_unit(job: Job, call: Sequence[str], afterwards: Sequence[str], runner: Runner) -> None:
    unit = f"extra-container-job-{job.directory.name}"
    settings = ["Type=exec", f"Description=extra-container job {job.directory.name}"]
    if afterwards:
        settings += [f"ExecStopPost={shlex.join(afterwards)}", f"TimeoutStopSec={_LONGEST_END}"]
    properties = [f"--property={setting}" for setting in settings]
    path = f"--setenv=PATH={runner.environment.get('PATH', os.defpath)}"
    runner.run(["systemd-run", "--quiet", "--collect", f"--unit={unit}", *properties, path, "--", *call])


def _as_orphan(call: Sequence[str], runner: Runner, environment: Mapping[str, str]) -> None:
    """Start it in a session of its own, which no terminal and no connection ends."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    os.posix_spawn(runner.find(call[0]), list(call), environment, file_actions=nothing, setsid=True)
