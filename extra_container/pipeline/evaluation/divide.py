"""Evaluating the containers of a definition in several processes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from extra_container.model import exhaustion
from extra_container.model.errors import HostError
from extra_container.model.frozen import replace
from extra_container.model.values import BaseKind, Definition
from extra_container.nix import command, machine, parts
from extra_container.pipeline.context import Context
from extra_container.process import Runner
from extra_container.process import result as result_of


def evaluate_parts(definition: Definition, directory: Path, context: Context) -> tuple[Definition, Runner]:
    """Let several processes evaluate the containers of a definition where that pays.

    Returns the definition with what they found, from which evaluation makes the same ``etc`` as without them, and what
    runs that evaluation.
    """
    if definition.base.kind is BaseKind.HOST:
        # It evaluates ten containers in the time that a second process needs to start.
        return definition, context.runner
    # What Nix says here, it says again in the end.
    names = command.container_names(definition, context.runner, lambda _line: None)
    plan = parts.plan_parts(
        names,
        cores=machine.cores(),
        available_mib=machine.available_mib(),
        reservable=not machine.limits_address_space(),
    )
    if len(plan) == 1:
        return definition, context.runner.having(plan[0].variables(context.runner.environment))
    with ThreadPoolExecutor(max_workers=len(plan)) as pool, context.runner.together() as runner:
        futures = [
            pool.submit(
                command.part,
                replace(definition, only=part.names),
                directory / f"part-{number}",
                runner.having(part.variables(runner.environment)),
                context.tell,
            )
            for number, part in enumerate(plan)
        ]
        evaluated = {name: found for future in futures for name, found in result_of(future).items()}
    file = directory / "evaluated.json"
    try:
        file.write_text(json.dumps(evaluated))
    except OSError as error:
        raise HostError(f"Writing {file} failed: {error.strerror}", hint=exhaustion.hint_for(error)) from error
    return replace(definition, evaluated=file), context.runner
