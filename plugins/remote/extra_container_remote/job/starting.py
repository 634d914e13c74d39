"""Starting a job where it outlives who asked for it, and doing it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from extra_container.plugin import Runner, remove_tree
from extra_container.plugin_command import shell_code
from extra_container_remote.job.files import Job

_BOOTED = Path("/run/systemd/system")  # sd_booted(3)


def start(job: Job, call: Sequence[str], root: str | None, runner: Runner, environment: Mapping[str, str]) -> None:
    """Have ``call`` work on a job that was just made; ``root`` is kept from the garbage collector first.

    Without it nothing is left of the job. Raises :class:`.ProcessError` if the path is not there, or nothing starts.
    """
    try:
        if root is not None:
            runner.run(["nix-store", "--realise", root, "--add-root", str(job.root), "--indirect"])
        if _BOOTED.is_dir():
            _as_unit(job, call, runner)
        else:
            _as_orphan(call, runner, environment)
    except BaseException:
        remove_tree(job.directory)
        raise


def carry_out(job: Job, call: Sequence[str], runner: Runner) -> int:
    """Do what a job is for."""
    code = 1
    with job.at_work():
        try:
            with job.out.open("a") as out, job.err.open("a") as err:
                with runner.begin(call, stdout=out, stderr=err) as child:
                    child.wait()
                code = shell_code(child.returncode)
        finally:
            job.finish(code)
    return code


def _as_unit(job: Job, call: Sequence[str], runner: Runner) -> None:
    unit = f"extra-container-job-{job.directory.name}"
    settings = ("--collect", "--property=Type=exec", f"--property=Description=extra-container job {job.directory.name}")
    path = f"--setenv=PATH={runner.environment.get('PATH', os.defpath)}"
    runner.run(["systemd-run", "--quiet", f"--unit={unit}", *settings, path, "--", *call])


def _as_orphan(call: Sequence[str], runner: Runner, environment: Mapping[str, str]) -> None:
    """Start it in a session of its own, which no terminal and no connection ends."""
    nothing = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0) for number in range(3)]
    os.posix_spawn(runner.find(call[0]), list(call), environment, file_actions=nothing, setsid=True)
