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
    assert "not healthy" in tool("create", "-s", "-E", definition(name, check), code=4).err
    assert name in tool("list").out.split(), "it stays, to look at it"
    done = tool("healthcheck", "run", name, code=1)
    assert done.out == "no file\n"
    assert tool("wait", name, "healthy", "--timeout", "3", code=9).err.count("says")
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
    hangs = 'command = [ "sleep" "1000" ]; interval = 3600; timeout = 1; retries = 1;'
    assert "did not end within 1 s" in tool("create", "-u", "-E", definition(name, hangs), code=4).err
    assert health(tool, name) != "healthy"
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


ONCE = """systemd.services.once = {
  wantedBy = [ "multi-user.target" ];
  script = "touch /run/ok";
  serviceConfig.Type = "oneshot";
};"""


def failing(script, more=""):
    return f"""systemd.services.bad = {{
      wantedBy = [ "multi-user.target" ];
      script = "{script}";
      unitConfig.StartLimitIntervalSec = 0;
      serviceConfig = {{ {more} }};
    }};"""


def test_create_waits_for_health_and_says_what_failed(tool, name):
    def create(*options, code, check="", config=""):
        check = check or 'command = "test -e /run/ok"; interval = 1;'
        return tool("create", "-s", *options, "-E", definition(name, check, config), code=code).err

    create(code=0, config=ONCE)
    assert health(tool, name) == "healthy", "a one-shot that succeeded is no failure, and nobody waits for the timer"

    said = create(code=4, config=ONCE, check='command = "echo nope; false"; interval = 1; retries = 2;')
    assert f"Container {name} is not healthy: its health check does not succeed\n  nope\n" in said
    assert f"{name} runs, and is not healthy" in said

    said = create("--wait", code=4, config=failing("sleep 1; echo it broke; exit 3"))
    assert "is not healthy: bad.service failed (exit-code 3)\n" in said
    assert "it broke" in said

    again = failing("sleep 0.3; echo again; exit 1", 'Restart = "always"; RestartSec = "100ms";')
    said = create("--check", "true", code=4, config=again)
    assert "is not healthy: bad.service ends and is started again and again\n" in said

    said = create("--timeout", "1", code=9, config=ONCE, check='command = "true"; startPeriod = "1h";')
    assert "after 1 s its start period is not over" in said
    assert health(tool, name) == "starting"
