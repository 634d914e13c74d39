"""An update that goes wrong at night: the old container serves again, and the exit code says so.

What else can go wrong is on the page docs/healthy.md, which is followed by a test.
"""

import json
import subprocess

from tests.containers.conftest import fetch

WEB = """systemd.services.web = {{
  wantedBy = [ "multi-user.target" ];
  script = ''
    {first}
    cd ${{pkgs.writeTextDir "index.html" "{text}"}}
    exec ${{pkgs.python3}}/bin/python3 -m http.server 50
  '';
}};"""
CHECK = 'command = "curl -fsS --max-time 1 -o /dev/null localhost:50"; interval = 1; retries = 4;'
CUT = """systemd.services.cut = {
  wantedBy = [ "multi-user.target" ];
  script = "ip link set eth0 down; ip link set lo down";
  path = [ pkgs.iproute2 ];
  serviceConfig.Type = "oneshot";
};"""


def definition(name, prefix, *, text="one", first="", check=CHECK, config="", options=""):
    return f"""{{ containers.{name} = {{
      extra = {{ addressPrefix = "{prefix}"; healthCheck = {{ {check} }}; }};
      {options}
      config = {{ pkgs, ... }}: {{
        networking.firewall.allowedTCPPorts = [ 50 ];
        {WEB.format(first=first, text=text)} {config}
      }};
    }}; }}"""


def generations(tool, name):
    return json.loads(tool("generations", "-f", "json", name).out)


def test_what_fails_gives_way_to_what_was_healthy(tool, name, prefix):
    tool("create", "-s", "-E", definition(name, prefix))
    assert fetch(f"{prefix}.2") == "one"
    bad = {
        "its health check does not succeed": {"config": CUT},
        "did not start": {"options": 'bindMounts."/x".hostPath = "/no/such/directory";'},
    }
    for reason, change in bad.items():
        done = tool("create", "-s", "--rollback-on-failure", "-E", definition(name, prefix, **change), code=12)
        assert reason in done.err
        assert "It is generation 1 again." in done.err
        assert f"{name} went back to what was healthy last." in done.err
        assert fetch(f"{prefix}.2") == "one"
    assert tool("status", name).out == "up\n"

    # By the definition's own wish; and what went back is what it is, so that nothing is to do.
    wish = definition(name, prefix, check='command = "false"; interval = 1; retries = 1;').replace(
        "extra = {", "extra = { rollbackOnFailure = true;"
    )
    tool("create", "-s", "-E", wish, code=12)
    assert "(unchanged, skipped)" in tool("create", "-s", "-E", definition(name, prefix)).out


def test_a_first_installation_has_nothing_to_go_back_to(tool, name):
    text = (
        f'{{ containers.{name}.extra.healthCheck = {{ command = "echo nope; false"; interval = 1; retries = 1; }}; }}'
    )
    text = text.replace("}; }", "}; " + f"containers.{name}.config = {{ }}; }}")
    done = tool("create", "-s", "--rollback-on-failure", "-E", text, code=4)
    assert "is not healthy: its health check does not succeed\n  nope" in done.err
    assert name not in tool("list").out.split()


def test_what_cannot_go_back_is_told_with_an_exit_code_of_its_own(tool, name, prefix):
    subprocess.run(["mkdir", "-p", "/srv/gone"], check=True)
    bound = 'bindMounts."/x".hostPath = "/srv/gone";'
    tool("create", "-s", "-E", definition(name, prefix, options=bound))
    subprocess.run(["rmdir", "/srv/gone"], check=True)
    bad = definition(name, prefix, options=bound, text="three", first="sleep 1; exit 3;")
    done = tool("create", "-s", "--rollback-on-failure", "-E", bad, code=13)
    assert "Going back to generation 1 failed" in done.err
    assert f"{name} could not go back" in done.err
