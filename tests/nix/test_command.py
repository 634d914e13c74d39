"""Nix at work for the program."""

import os
import sqlite3
import threading

from extra_container.model.values import Base, BaseKind, Definition, Evaluation, ExpressionSource
from extra_container.pipeline.evaluation import shares
from extra_container.process import Runner

BUSY = "is busy"


class WatchingRunner(Runner):
    """Notes when a program says that it waits for the database."""

    def __init__(self, **settings):
        super().__init__(**settings)
        self.waits = threading.Event()

    def stream(self, argv, *, on_stderr, **settings):
        def on_line(line):
            on_stderr(line)
            if BUSY in line:
                self.waits.set()

        return super().stream(argv, on_stderr=on_line, **settings)


def test_processes_that_wait_for_the_database_do_not_say_so(nix, host_base):
    nix.run("nix-instantiate", "-A", "etc", *host_base.arguments("{ containers.first = { }; }"))
    definition = Definition(
        source=ExpressionSource(text="{ containers.second = { }; }", origin="--expr"),
        base=Base(kind=BaseKind.NIXPKGS, expression=str(host_base.tree), option="--nixpkgs-path"),
        evaluation=Evaluation.FULL,
    )
    runner = WatchingRunner(environment={**os.environ, **nix.places})
    told = []
    share = shares.Share(number=0, processes=(2,), frame=True, announce=True)
    arguments = (definition, share, nix.directory / "root", runner)
    heard = {"tell": told.append, "heed": lambda _facts: None}
    part = threading.Thread(target=shares.evaluate, args=arguments, kwargs=heard, daemon=True)
    with sqlite3.connect(nix.directory / "var/nix/db/db.sqlite", isolation_level=None) as database:
        database.execute("BEGIN EXCLUSIVE")
        part.start()
        assert runner.waits.wait(timeout=60)
        database.execute("COMMIT")
    part.join(timeout=60)
    assert not part.is_alive()
    assert [line for line in told if BUSY in line] == []
