"""Health of containers that run."""

import json


def definition(name, check, config=""):
    return f"""{{ containers.{name} = {{
      extra.healthCheck = {{ {check} }};
      config = {{ pkgs, ... }}: {{ {config} }};
    }}; }}"""


def health(tool, name):
    [one] = json.loads(tool("status", "-f", "json", name).out)
    return one["health"]


def test_a_timer_inside_checks_and_everybody_can_ask(tool, name):
    check = 'command = "test -e /run/ok || { echo no file; exit 3; }"; interval = 1; retries = 2;'
    tool("create", "-s", "-E", definition(name, check))
    done = tool("healthcheck", "run", name, code=1)
    assert done.out == "no file\n"
    assert tool("wait", name, "healthy", "--timeout", "4", code=9).err.count("says")
    assert health(tool, name) == "unhealthy"
    assert "checks of its health failed: no file" in tool("status", "-l", name).out
    tool("run", name, "--", "touch", "/run/ok")
    tool("wait", name, "healthy", "--timeout", "60")
    assert health(tool, name) == "healthy"
    assert f"{name}  up (healthy)" in tool("status", "-l", name).out
    assert "up (healthy)" in tool("show", name).out
    assert tool("healthcheck", "run", name).out == ""
    assert tool("status", name).out == "up\n", "one word, as ever"

    # The check is a part of the system: a live update changes it, and what was found before says nothing of it.
    tool("create", "-u", "-E", definition(name, 'command = [ "sleep" "1000" ]; interval = 3600; timeout = 1;'))
    assert health(tool, name) == "starting"
    assert "did not end within 1 s" in tool("healthcheck", "run", name, code=1).out

    # What a hostile container does instead.
    hostile = "rm -r /run/extra-container-health; ln -s /etc /run/extra-container-health"
    tool("run", name, "--", "sh", "-c", hostile)
    assert health(tool, name) == "starting"
    tool("stop", name)
    assert "does not run" in tool("healthcheck", "run", name, code=125).err
    assert health(tool, name) is None
    tool("create", "-E", f"{{ containers.{name} = {{ }}; }}")
    tool("start", name)
    assert "has no health check" in tool("healthcheck", "run", name, code=125).err
    assert "does not exist" in tool("healthcheck", "run", "no-such", code=125).err
