"""The hooks with which plugins act, before and after something is done to containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from extra_container.hooks.specs.kinds import Kind, Memory, Settings, spec

if TYPE_CHECKING:
    from extra_container.model.host import Host
    from extra_container.model.plans import Failure, InstallPlan, RunPlan, RunState
    from extra_container.model.values import Installed, Request
    from extra_container.process import Runner


@spec(Kind.ACTING)
def ec_before_build(request: Request, host: Host, settings: Settings, memory: Memory) -> None:
    """Prepare what the evaluation needs, for instance a key. Acting; called before :func:`ec_build_inputs`.

    Version 1. Example::

        @hookimpl
        def ec_before_build(host: Host) -> None:
            Path("/var/lib/greeting").mkdir(exist_ok=True)
    """


@spec(Kind.ACTING)
def ec_before_start(
    plan: RunPlan, host: Host, install: InstallPlan | None, request: Request | None, settings: Settings, memory: Memory
) -> None:
    """Act before containers are started, updated or restarted.

    Called before anything is installed or stopped, so that an error raised here leaves everything as it was.
    ``install`` (since level 2) is what is installed then, None if nothing is (``start``, ``restart``);
    ``request`` (since level 2) is what the user asked for, None for commands without a definition.

    Version 1. Example::

        @hookimpl
        def ec_before_start(plan: RunPlan) -> None:
            for name in (*plan.start, *plan.restart):
                Path("/var/lib/greeting", name).mkdir(parents=True, exist_ok=True)
    """


@spec(Kind.ACTING)
def ec_before_stop(
    names: tuple[str, ...], host: Host, runner: Runner, request: Request | None, settings: Settings, memory: Memory
) -> None:
    """Act before running containers are stopped, for good or to be started again; an error here keeps them running.

    ``names`` run. Where they are to be restarted because a definition changed, nothing is installed yet; only a live
    update that asks for a restart comes later. ``terminate`` and ``destroy`` call it, too, and the latter
    :func:`ec_before_destroy` first.

    Version 1.1. Example::

        @hookimpl
        def ec_before_stop(names: tuple[str, ...], runner: Runner) -> None:
            for name in names:
                runner.run(["balancer", "drain", name])
    """


@spec(Kind.ACTING)
def ec_after_stop(
    names: tuple[str, ...],
    failures: tuple[Failure, ...],
    host: Host,
    runner: Runner,
    request: Request | None,
    settings: Settings,
    memory: Memory,
) -> None:
    """Act after containers that ran were stopped; those that are to run again are down at this moment.

    ``failures`` are those that could not be stopped. What goes wrong here is told in the end, and stops nothing.

    Version 1.1. Example::

        @hookimpl
        def ec_after_stop(names: tuple[str, ...], failures: tuple[Failure, ...]) -> None:
            for name in {*names} - {failure.name for failure in failures}:
                Path("/var/lib/greeting", name, "started").unlink(missing_ok=True)
    """


@spec(Kind.ACTING)
def ec_after_start(
    names: tuple[str, ...],
    failures: tuple[Failure, ...],
    host: Host,
    runner: Runner,
    request: Request | None,
    settings: Settings,
    memory: Memory,
) -> None:
    """Act after containers were started, by whatever command, also after something was done while they were down.

    ``failures`` are those of ``names`` that did not boot, before anything is taken back. What goes wrong here is told
    in the end, and stops nothing.

    Version 1.1. Example::

        @hookimpl
        def ec_after_start(names: tuple[str, ...], failures: tuple[Failure, ...], runner: Runner) -> None:
            for name in {*names} - {failure.name for failure in failures}:
                runner.run(["balancer", "add", name])
    """


@spec(Kind.ACTING)
def ec_before_update(
    names: tuple[str, ...], host: Host, runner: Runner, request: Request | None, settings: Settings, memory: Memory
) -> None:
    """Act before running containers are switched to another system; an error here leaves everything as it was.

    Called before anything is installed.

    Version 1.1. Example::

        @hookimpl
        def ec_before_update(names: tuple[str, ...], runner: Runner) -> None:
            for name in names:
                place = f"/var/lib/nixos-containers/{name}"
                runner.run(["btrfs", "subvolume", "snapshot", "-r", place, f"/snapshots/{name}"])
    """


@spec(Kind.ACTING)
def ec_after_update(
    names: tuple[str, ...],
    failures: tuple[Failure, ...],
    host: Host,
    runner: Runner,
    request: Request | None,
    settings: Settings,
    memory: Memory,
) -> None:
    """Act after running containers were switched; ``failures`` are those whose switch went wrong.

    One whose update asks for a restart is not among them. What goes wrong here is told in the end, and stops nothing.

    Version 1.1. Example::

        @hookimpl
        def ec_after_update(names: tuple[str, ...], failures: tuple[Failure, ...]) -> None:
            for name in {*names} - {failure.name for failure in failures}:
                Path("/var/lib/greeting", name, "updated").touch()
    """


@spec(Kind.ACTING)
def ec_before_destroy(
    names: tuple[str, ...],
    host: Host,
    installed: Installed,
    runner: Runner,
    request: Request | None,
    settings: Settings,
    memory: Memory,
) -> None:
    """Act before containers are destroyed; an error here leaves them as they are.

    Nothing has been stopped or removed. Not called where a new container that did not start is taken out again.

    Version 1.1. Example::

        @hookimpl
        def ec_before_destroy(names: tuple[str, ...], installed: Installed, runner: Runner) -> None:
            for name in names:
                archive = f"/var/backups/{name}.tar"
                runner.run(["tar", "--create", f"--file={archive}", f"--directory={installed[name].root}", "."])
    """


@spec(Kind.ACTING)
def ec_after_destroy(
    names: tuple[str, ...], host: Host, runner: Runner, request: Request | None, settings: Settings, memory: Memory
) -> None:
    """Act after containers were destroyed; nothing of them is left in its place.

    What they kept may still be on the disk, under other names, and is removed when others can change the machine again.
    What goes wrong here is told in the end.

    Version 1.1. Example::

        @hookimpl
        def ec_after_destroy(names: tuple[str, ...]) -> None:
            for name in names:
                Path("/var/lib/greeting", f"{name}.log").unlink(missing_ok=True)
    """


@spec(Kind.WAITING)
def ec_verify(
    plan: RunPlan,
    install: InstallPlan,
    host: Host,
    runner: Runner,
    request: Request,
    since: float,
    tell: Callable[[str], None],
) -> tuple[Failure, ...]:
    """Find out whether what was started, updated and restarted does what it is for, and wait for that.

    ``plan`` has the containers that did not fail, ``install`` all of which something was installed, or nothing had to
    be. Those that are returned have failed. ``since`` is when it began, by :func:`time.monotonic`. ``tell`` tells
    people what is waited for.

    Version 1.1. Example::

        @hookimpl
        def ec_verify(plan: RunPlan, runner: Runner) -> tuple[Failure, ...]:
            started = (*plan.start, *plan.restart)
            ill = [name for name in started if runner.run(["probe", name], check=False).returncode != 0]
            return tuple(Failure(name=name, message="its probe fails", left=Left.UNHEALTHY) for name in ill)
    """


@spec(Kind.ACTING)
def ec_after_run(state: RunState, host: Host, request: Request | None, settings: Settings, memory: Memory) -> None:
    """Act after a definition was installed, and its containers were started, updated or restarted.

    Called once in the end, whether anything was done or not; what failed has been taken back by then. ``request``
    (since level 2) is what the user asked for.

    Version 1. Example::

        @hookimpl
        def ec_after_run(state: RunState) -> None:
            failed = {failure.name for failure in state.failures}
            for name in {*state.done.start} - failed:
                Path("/var/lib/greeting", name, "started").touch()
    """
