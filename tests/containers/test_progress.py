"""What people at a terminal see of a wait, and what nobody else sees."""

import os
import pty
import subprocess
import threading

from tests.containers.conftest import PROGRAM

SLOW = """
derivation {
  name = "patient"; system = builtins.currentSystem; builder = "/bin/sh"; PATH = "/usr/bin:/bin";
  args = [ "-c" "echo from the builder; sleep 2; echo > $out" ]; now = builtins.currentTime;
}
"""


def definition(name):
    return f"{{ containers.{name}.config.environment.etc.x.source = {SLOW}; }}"


def at_a_terminal(tool, *words, term="xterm"):
    """Run a command line whose stderr is a terminal; return exit code, stdout, and what the terminal got."""
    ours, theirs = pty.openpty()
    seen = []

    def read():
        while True:
            try:
                seen.append(os.read(ours, 4096))
            except OSError:
                return

    reader = threading.Thread(target=read)
    reader.start()
    environment = {**tool.environment, "TERM": term}
    done = subprocess.run(
        [PROGRAM, *words], check=False, stdout=subprocess.PIPE, stderr=theirs, stdin=subprocess.DEVNULL, text=True,
        cwd=tool.directory, env=environment, timeout=120,
    )  # fmt: skip
    os.close(theirs)
    reader.join()
    os.close(ours)
    return done.returncode, done.stdout, b"".join(seen).decode()


def test_what_is_waited_for_is_shown_at_a_terminal_only(tool, name):
    code, out, shown = at_a_terminal(tool, "build", "-E", definition(name))
    assert code == 0
    assert out.startswith("/nix/store/")
    assert len(out.splitlines()) == 1
    assert "Building: patient; " in shown
    assert "> from the builder" in shown
    assert "@nix" not in shown
    for words, term in ((("-q",), "xterm"), ((), "dumb")):
        code, out, shown = at_a_terminal(tool, *words, "build", "-E", definition(name), term=term)
        assert (code, len(out.splitlines())) == (0, 1)
        assert "\x1b" not in shown
        assert "@nix" not in shown
    done = tool("build", "-E", definition(name))
    assert "\x1b" not in done.err
    assert "@nix" not in done.err
    assert "from the builder" in done.err


def test_containers_that_boot_and_end_are_named(tool, name):
    # Who waits for less than a moment is shown nothing.
    slow = 'systemd.services.slow = { wantedBy = [ "multi-user.target" ]; serviceConfig = { Type = "oneshot"; %s }; }'
    config = slow % 'ExecStart = "/bin/sleep 3";'
    code, out, shown = at_a_terminal(tool, "create", "-s", "-E", f"{{ containers.{name}.config = {{ {config}; }}; }}")
    assert code == 0
    assert out.endswith(f"Starting containers:\n{name}\n\n")
    assert f"Waiting for the boot of {name}" in shown
    code, out, shown = at_a_terminal(tool, "destroy", name)
    assert (code, out) == (0, "")


def test_a_failed_build_at_a_terminal_is_told_like_any_other(tool, name):
    wrong = f"{{ containers.{name}.config.networking.hostName = 3; }}"
    code, _, shown = at_a_terminal(tool, "build", "-E", wrong)
    done = tool("build", "-E", wrong, code=code)
    assert code == 3
    assert shown.replace("\r\n", "\n").endswith(done.err[done.err.index("Error:") :])
