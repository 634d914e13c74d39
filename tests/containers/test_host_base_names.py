"""Names of users that systemd makes while a service runs, in containers with the built-in host base."""

from pathlib import Path

from tests.containers.conftest import write_definition

DYNAMIC = """systemd.services.me = {
  wantedBy = [ "multi-user.target" ];
  script = "whoami >/run/me/name; exec sleep infinity";
  serviceConfig = { DynamicUser = true; User = "svc"; RuntimeDirectory = "me"; };
};"""


def has_module():
    """Whether this machine's C library can ask systemd for names."""
    return any(Path("/usr/lib").glob("**/libnss_systemd.so.2")) or Path("/usr/lib64/libnss_systemd.so.2").exists()


def test_the_name_of_a_dynamic_user(tool, name, tmp_path):
    done = tool("create", "-s", write_definition(tmp_path / "c.nix", name, DYNAMIC))
    assert done.err.count("libnss-systemd") == (0 if has_module() else 1)
    command = (
        "until [ -e /run/me/name ] || systemctl is-failed -q me; do sleep 0.05; done; cat /run/me/name; ls -ld /run/me/"
    )
    said, listed = tool("run", name, "--", "sh", "-c", command, code=None).out.partition("\n")[::2]
    if has_module():
        assert said == "svc"
        assert listed.split()[2:4] == ["svc", "svc"]
        assert tool("run", name, "--", "id", "-un", "svc").out == "svc\n"
    assert tool("run", name, "--", "systemctl", "is-system-running", code=None).out != ""
