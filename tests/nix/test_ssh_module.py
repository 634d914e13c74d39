"""``extra.enableSSH``: sshd runs before anybody connects, whatever the release does by itself."""

from __future__ import annotations

from tests.nix.evaluator import ROOT, Evaluator

MODULE = ROOT / "plugins/ssh/extra_container_ssh/nix/module.nix"
GIVEN = {
    "pluginModules": [str(MODULE)],
    "inputs": {"ssh": {"enable": False, "publicKey": "ssh-ed25519 AAAA extra-container"}},
}
WHAT = """
  builtins.mapAttrs (_: container: {
    server = (container.config.systemd.services.sshd or { }).wantedBy or [ ];
    socket = container.config.systemd.sockets ? sshd;
  }) { inherit (config.containers) demo own; }
"""


def test_sshd_runs_before_anybody_connects(base: Evaluator) -> None:
    network = 'privateNetwork = true; localAddress = "10.1.1.2"; extra.enableSSH = true;'
    found = base.value(
        WHAT,
        f"""{{
          containers.demo = {{ {network} config = {{ }}; }};
          containers.own = {{ {network} config.services.openssh.startWhenNeeded = true; }};
        }}""",
        **GIVEN,
    )
    assert found["demo"] == {"server": ["multi-user.target"], "socket": False}
    # What a definition says counts. The host base has no sshd for each connection.
    assert found["own"]["socket"] is not base.is_host_base
