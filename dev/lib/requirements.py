"""Print the program's requirements and those of its extra `dev`, from a pyproject.toml on stdin."""

from __future__ import annotations

import sys
import tomllib


def _main() -> None:
    project = tomllib.load(sys.stdin.buffer)["project"]
    requirements = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    sys.stdout.writelines(f"{requirement}\n" for requirement in requirements)


if __name__ == "__main__":
    _main()
