"""The command on the machine of the tests, which need not be booted with systemd. It changes nothing."""

import json
import subprocess
import sys
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("extra-container")
BOOTED = Path("/run/systemd/system").is_dir()


def dry_run(before="true", options=""):
    # Whatever the machine has in /usr/local is out of the way.
    hide = f'mount -t tmpfs none /usr/local && {before} && exec "$0" {options} install --dry-run'
    argv = ["unshare", "--mount", "sh", "-c", hide, PROGRAM]
    return subprocess.run(argv, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def test_what_would_change_is_shown():
    done = dry_run()
    assert done.returncode == 0, done.stderr
    assert "+++ /usr/local/bin/extra-container\n@@ -0,0 +1 @@\n+(link to " in done.stdout
    assert "Nothing was changed (--dry-run)." in done.stderr
    assert ("was not booted with systemd" in done.stderr) is not BOOTED


def test_with_json_every_line_on_stderr_is_an_object():
    done = dry_run(options="--log-format json")
    assert done.returncode == 0, done.stderr
    entries = [json.loads(line) for line in done.stderr.splitlines()]
    assert [entry["line"] for entry in entries if "line" in entry][-1] == "Nothing was changed (--dry-run)."
    assert entries[-1]["event"] == "command.finished"
    assert [entry["level"] for entry in entries if entry["event"] == "problem.found"] == ["warning"] * (not BOOTED)


def test_a_program_that_others_can_change_is_warned_about(tmp_path):
    program = tmp_path / "extra-container"
    program.write_text(PROGRAM.read_text())
    program.chmod(0o777)
    argv = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs none /usr/local && exec "$0" install -n', program]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert f"Warning: {program} can be changed by users other than root" in done.stderr


def test_another_program_in_the_way_ends_it():
    done = dry_run("mkdir /usr/local/bin && touch /usr/local/bin/extra-container")
    assert done.returncode == 1
    assert "/usr/local/bin/extra-container was not made by this command and is in the way" in done.stderr
