"""What the guide does with jq, on what a real run wrote."""

import json
import re
import shlex
import shutil
import subprocess

import pytest

from extra_container.journals.happenings import Happening, as_json
from tests.containers.conftest import BOOTED
from tests.schemas import ROOT, result


@pytest.mark.skipif(BOOTED, reason="jq is on the machine that runs the tests, and not in the test host")
def test_the_lines_of_jq_in_the_guide(tool, name, tmp_path):
    assert shutil.which("jq"), "dev/setup installs it"
    block, of_journals = re.findall(
        r"^```sh\n(jq .*?)^```$", (ROOT / "docs/guide.md").read_text(), re.MULTILINE | re.DOTALL
    )
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    good, bad = f"{name}a", f"{name}b"
    text = "{{ containers.{0}.config.environment.etc.x.text = {1}; containers.{2}.extraFlags = [ {3} ]; }}"

    def answers(definition, code):
        tool(
            "--log-file", tmp_path / "log.jsonl", "create", "-s", "--json-into", tmp_path / "result.json",
            "-E", definition, code=code,
        )  # fmt: skip
        done = [subprocess.run(line, check=False, capture_output=True, text=True, cwd=tmp_path) for line in lines]
        assert [one.stderr for one in done] == [""] * len(lines)
        (tmp_path / "log.jsonl").unlink()
        return [one.stdout for one in done]

    try:
        failed, running, idle, seconds, phases, error, _, programs = answers(
            text.format(good, '"a"', bad, '"--no-such-flag"'), 4
        )
        assert failed.startswith(f"{bad}: ")
        assert (running, idle) == (f"{good}\n", "false\n")
        assert [line.split()[0] for line in seconds.splitlines()] == [good, bad]
        assert {"evaluate", "build", "install", "start"} <= {line.split()[0] for line in phases.splitlines()}
        assert error.startswith("4 container: ")
        assert all(line.startswith('{"argv":[') for line in programs.splitlines())
        one = "{{ containers.{0}.config.environment.etc.x.text = {1}; }}"
        failed, _, idle, _, _, error, updated, _ = answers(one.format(good, '"b"'), 0)
        assert (failed, idle, error) == ("", "false\n", "")
        assert updated
        assert answers(one.format(good, '"b"'), 0)[2] == "true\n"
        assert result((tmp_path / "result.json").read_text())["code"] == 0
        (tmp_path / "logs.jsonl").write_text(tool("logs", good, "-o", "json").out)
        happened = Happening(time=0.0, container=good, event="failed", source="systemd", message="signal")
        (tmp_path / "events.jsonl").write_text(json.dumps(as_json(happened)) + "\n")
        _, failures = (
            subprocess.run(shlex.split(line), check=True, capture_output=True, text=True, cwd=tmp_path).stdout
            for line in of_journals.splitlines()
        )
        assert failures == f"1970-01-01T00:00:00.000000Z {good} signal\n"
    finally:
        tool("destroy", good, bad)
