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

    ``again`` are the commands that bring the host from its end back to its beginning, before ``broken_off``, with
    less to do than to make everything anew (none: it ends as it begins). ``turned`` is the name of the scenario that
    begins as this one ends, and ends as this one begins: the two take turns.
    """

    before: str | None
    words: tuple[str, ...]
    after: str | None
    same_leader: bool = False
    gone: bool = False
    code: int = 0
    first: tuple[str, ...] = ()
    broken_off: tuple[str, ...] = ()
    again: tuple[tuple[str, ...], ...]
    turned: str | None = None

    @property
    def settles(self):
        """Whether it takes a round until the host is the same each time that the scenario begins."""
        return self.turned is not None or self.code != 0


# Without the generations of the trials before.
FORGOTTEN = (("gc", "--keep", "1", NAME),)
CREATED = (("create", "-s", "{one}"),)
DESTROYED = (("destroy", NAME),)

SCENARIOS = {
    "create": Scenario(before=None, words=("create", "-s", "{one}"), after="1", again=DESTROYED),
    "create -E": Scenario(
        before=None, words=("create", "-s", "-E", "import {file} # {nonce}"), after="1", again=DESTROYED
    ),
    "update": Scenario(
        before="1", words=("create", "-u", "{two}"), after="2", same_leader=True, again=FORGOTTEN, turned="update back"
    ),
    "create --restart-changed": Scenario(
        before="1", words=("create", "-r", "{two}"), after="2", again=FORGOTTEN, turned="create --restart-changed back"
    ),
    "create that fails": Scenario(before="1", words=("create", "-r", "{broken}"), after="1", code=4, again=FORGOTTEN),
    "rollback": Scenario(
        before="1",
        first=("create", "-u", "{two}"),
        words=("rollback", NAME, "--to", "1"),
        after="1",
        same_leader=True,
        again=(),
        turned="rollback back",
    ),
    "restart": Scenario(before="1", words=("restart", NAME), after="1", again=()),
    "stop": Scenario(before="1", words=("stop", NAME), after=None, again=(("start", NAME),)),
    "destroy": Scenario(before="1", words=("destroy", NAME), after=None, gone=True, again=CREATED),
    "destroy after a kill": Scenario(
        before="1",
        words=("destroy", NAME),
        after=None,
        gone=True,
        broken_off=("create", "-r", "{two}"),
        again=CREATED,
    ),
    "shell": Scenario(before=None, words=("shell", "{one}", "--run", "c", "true"), after=None, gone=True, again=()),
}
# The other way round: nothing has to be made anew between two trials.
TURNED = {
    "update back": Scenario(
        before="2", words=("create", "-u", "{one}"), after="1", same_leader=True, again=FORGOTTEN, turned="update"
    ),
    "create --restart-changed back": Scenario(
        before="2", words=("create", "-r", "{one}"), after="1", again=FORGOTTEN, turned="create --restart-changed"
    ),
    "rollback back": Scenario(
        before="2", words=("rollback", NAME, "--to", "2"), after="2", same_leader=True, again=(), turned="rollback"
    ),
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
