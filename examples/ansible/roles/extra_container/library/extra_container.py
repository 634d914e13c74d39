#!/usr/bin/python
"""The Ansible module ``extra_container``: containers of a definition, or none of these names."""

from __future__ import annotations

import json
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = """
module: extra_container
short_description: NixOS containers of extra-container
description:
  - Installs and starts the containers of a definition, or destroys containers.
  - Whether anything is changed is what C(extra-container plan) says in check mode, and what was done otherwise.
options:
  state:
    description: C(started), C(present) (installed, and left stopped if they are), or C(absent).
    default: started
    choices: [started, present, absent]
  definition:
    description: A path on the managed machine, to a definition or a finished build.
    type: path
  expression:
    description: The definition itself, as Nix expression.
  only:
    description: Of the definition's containers, these alone.
    type: list
    elements: str
  restart:
    description: Restart running containers that changed, instead of updating them live.
    type: bool
    default: false
  wait:
    description: Wait until what was started is healthy.
    type: bool
    default: false
  rollback_on_failure:
    description: Go back to what was healthy if a container does not become that.
    type: bool
    default: false
  names:
    description: The containers to destroy, with O(state=absent).
    type: list
    elements: str
  keep_data:
    description: With O(state=absent), leave the data where it is.
    type: bool
    default: false
  executable:
    description: The program.
    default: extra-container
"""

RETURN = """
result:
  description: The program's own document, that of C(plan) in check mode; null if there was nothing to ask.
"""

# The exit code of `plan --detailed-exitcode` where something would be done.
_CHANGES = 10
# That of `status` where not all are up.
_DOWN = 1


class Program:
    """The program, as this module calls it."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._path = module.get_bin_path(module.params["executable"], required=True)

    def run(self, words: list[str], codes: tuple[int, ...] = (0,)) -> tuple[int, Any]:
        """Return exit code and document of a command; end the module if the code is none of ``codes``."""
        code, out, err = self._module.run_command([self._path, words[0], "-f", "json", *words[1:]])
        try:
            document = json.loads(out)
        except ValueError:
            document = None
        if code not in codes or document is None:
            told = (document.get("error") if isinstance(document, dict) else None) or {}
            message = told.get("message") or err.strip() or f"exit code {code}"
            self._module.fail_json(msg=message, hint=told.get("hint"), rc=code, stderr=err, result=document)
        return code, document


def _definition(params: dict[str, Any]) -> list[str]:
    words = ["--expr", params["expression"]] if params["expression"] is not None else [params["definition"]]
    options = ["--start"] if params["state"] == "started" else ["--update-changed"]
    options += ["--restart-changed"] if params["restart"] else []
    options += [f"--only={name}" for name in params["only"] or ()]
    return [*options, *words]


def _waiting(params: dict[str, Any]) -> list[str]:
    return [f"--{name.replace('_', '-')}" for name in ("wait", "rollback_on_failure") if params[name]]


def _present(module: AnsibleModule, program: Program) -> dict[str, Any]:
    words, params = _definition(module.params), module.params
    found: dict[str, Any] = {}
    if module.check_mode or module._diff:
        code, plan = program.run(["plan", "--detailed-exitcode", *words], (0, _CHANGES))
        found = {"changed": code == _CHANGES, "result": plan, "diff": _difference(plan)}
    if not module.check_mode:
        _, done = program.run(["create", *_waiting(params), *words])
        found |= {"changed": any(each["changed"] for each in done["containers"]), "result": done}
    return found


def _difference(plan: dict[str, Any]) -> dict[str, str]:
    """Return what a plan says of containers that change, as Ansible shows differences."""
    before, after = [], []
    for each in plan["containers"]:
        if not each["actions"]:
            continue
        before.append(f"{each['name']}: {each['state']}")
        after.append(f"{each['name']}: {', '.join(each['actions'])}")
        before += [f"  {line['before']}" for line in each["differences"] if line["before"]]
        after += [f"  {line['after']}" for line in each["differences"] if line["after"]]
    return {name: "".join(f"{line}\n" for line in lines) for name, lines in (("before", before), ("after", after))}


def _absent(module: AnsibleModule, program: Program) -> dict[str, Any]:
    wanted = list(dict.fromkeys(module.params["names"]))
    _, rows = program.run(["status", *wanted], (0, _DOWN)) if wanted else (0, [])
    there = [row["name"] for row in rows if row["state"] != "gone"]
    before = "".join(f"{name}\n" for name in there)
    found = {"changed": bool(there), "result": None, "diff": {"before": before, "after": ""}}
    if there and not module.check_mode:
        options = ["--keep-data"] if module.params["keep_data"] else []
        _, found["result"] = program.run(["destroy", *options, *there])
    return found


def main() -> None:
    """Do what the task says."""
    text, switch = {"type": "str"}, {"type": "bool", "default": False}
    names = {"type": "list", "elements": "str"}
    module = AnsibleModule(
        argument_spec={
            "state": {"default": "started", "choices": ["started", "present", "absent"]},
            "definition": {"type": "path"},
            "expression": text,
            "only": names,
            "restart": switch,
            "wait": switch,
            "rollback_on_failure": switch,
            "names": names,
            "keep_data": switch,
            "executable": {"default": "extra-container"},
        },
        mutually_exclusive=[("definition", "expression", "names")],
        required_if=[
            ("state", "started", ("definition", "expression"), True),
            ("state", "present", ("definition", "expression"), True),
            ("state", "absent", ("names",)),
        ],
        supports_check_mode=True,
    )
    act = _absent if module.params["state"] == "absent" else _present
    module.exit_json(**act(module, Program(module)))


if __name__ == "__main__":
    main()
