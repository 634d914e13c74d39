"""What the program is doing when it is killed or let down, and what the host is to be like afterwards."""

from dataclasses import dataclass

NAME = "crashed"
# Runs all the time, and nothing may become of it.
OTHER = "beside"


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A command line, what is on the host before it, and how its container is afterwards.

    ``before`` is the version that runs (None: no container does), ``words`` may name builds: ``{one}``, ``{two}``.
    ``same_leader`` says that the container must go on running throughout, ``gone`` that it is destroyed. ``code`` is
    that of the command. ``first`` is a command that is carried out before it, ``broken_off`` one before it that is
    killed in the middle of its work.
    """

    before: str | None
    words: tuple[str, ...]
    after: str | None
    same_leader: bool = False
    gone: bool = False
    code: int = 0
    first: tuple[str, ...] = ()
    broken_off: tuple[str, ...] = ()


SCENARIOS = {
    "create": Scenario(before=None, words=("create", "-s", "{one}"), after="1"),
    "create -E": Scenario(before=None, words=("create", "-s", "-E", "import {file} # {nonce}"), after="1"),
    "update": Scenario(before="1", words=("create", "-u", "{two}"), after="2", same_leader=True),
    "create --restart-changed": Scenario(before="1", words=("create", "-r", "{two}"), after="2"),
    "create that fails": Scenario(before="1", words=("create", "-r", "{broken}"), after="1", code=4),
    "rollback": Scenario(
        before="1",
        first=("create", "-u", "{two}"),
        words=("rollback", NAME, "--to", "1"),
        after="1",
        same_leader=True,
    ),
    "restart": Scenario(before="1", words=("restart", NAME), after="1"),
    "stop": Scenario(before="1", words=("stop", NAME), after=None),
    "destroy": Scenario(before="1", words=("destroy", NAME), after=None, gone=True),
    "destroy after a kill": Scenario(
        before="1", words=("destroy", NAME), after=None, gone=True, broken_off=("create", "-r", "{two}")
    ),
    "shell": Scenario(before=None, words=("shell", "{one}", "--run", "c", "true"), after=None, gone=True),
}


def definition(text):
    """Return a definition of the container with a network, a way out and a version; "broken" does not start."""
    broken = 'bindMounts."/y".hostPath = "/nonexistent";' if text == "broken" else ""
    return f"""{{
      containers.{NAME} = {{
        {broken}
        extra.addressPrefix = "10.213.77";
        extra.enableWAN = true;
        config.environment.etc.version.text = "{text}";
      }};
    }}"""
