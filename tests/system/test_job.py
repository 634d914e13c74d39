"""Jobs whose change has to be confirmed, as other machines are given them."""

import secrets
import shutil
import time
from pathlib import Path

from tests.system.traffic import run


def test_what_nobody_confirms_goes_back_whatever_ends_the_job(tool, name):
    def change(text):
        definition = f'{{ containers.{name}.config.environment.etc."greeting".text = "{text}"; }}'
        build = tool("build", "-E", definition, "--no-eval-record").out.strip()
        job = f"t{secrets.token_hex(4)}"
        tool("job", f"--root={build}", "--confirm-within=300", job, "--", "create", "-s", build)
        assert greeting() == text
        return job

    def greeting():
        return tool("run", name, "--", "cat", "/etc/greeting").out

    kept = change("kept")
    tool("job", "--confirm", kept)
    tool("job", "--confirm", kept)
    killed = change("killed")
    run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", f"extra-container-job-{killed}")
    while "failed" not in tool("generations", name, "-f", "value", "-c", "verdict").out:
        time.sleep(0.1)
    assert tool("job", "--confirm", killed, code=None).code == 12
    assert greeting() == "kept"
    assert tool("status", name).out == "up\n"


def test_a_new_container_that_nobody_confirms_is_gone_and_data_that_was_there_before_is_not(tool, name):
    data = Path("/var/lib/nixos-containers", name, "precious")
    data.parent.mkdir()
    data.touch()
    build = tool("build", "-E", f"{{ containers.{name}.config = {{ }}; }}").out.strip()
    job = f"t{secrets.token_hex(4)}"
    tool("job", f"--root={build}", "--confirm-within=0.1", job, "--", "create", build)
    while name in tool("list").out.split():
        time.sleep(0.1)
    assert tool("job", "--confirm", job, code=None).code == 12
    assert data.exists()
    shutil.rmtree(data.parent)
    assert "Nothing of a job nobody waits" in tool("job", "--confirm", "nobody", code=2).err
