# What nixpkgs' test of the firewall checks, written anew: one machine behind a firewall, one that tries to get in.
{ pkgs, ... }:
{
  name = "two-nodes";

  nodes = {
    walled = {
      networking.firewall.enable = true;
      networking.firewall.logRefusedPackets = false;
      services.nginx.enable = true;
      services.nginx.virtualHosts.walled.root = pkgs.writeTextDir "index.html" "inside\n";
      virtualisation.memorySize = 512;
    };

    attacker = {
      networking.firewall.enable = false;
      services.nginx.enable = true;
      services.nginx.virtualHosts.attacker.root = pkgs.writeTextDir "index.html" "outside\n";
    };
  };

  testScript =
    { nodes, ... }:
    ''
      start_all()

      walled.wait_for_unit("firewall")
      walled.wait_for_unit("nginx")
      attacker.wait_for_unit("nginx")
      attacker.wait_for_unit("multi-user.target")

      with subtest("local and outgoing connections are open"):
          walled.succeed("curl -s --fail http://localhost/ >&2")
          assert walled.succeed("curl -s --fail http://attacker/") == "outside\n"

      with subtest("incoming ones are not"):
          attacker.fail("curl -s --fail --connect-timeout 1 http://walled/ >&2")

      with subtest("until the firewall is down"):
          walled.stop_job("firewall")
          page = attacker.succeed("curl -s --fail http://${nodes.walled.networking.primaryIPAddress}/")
          t.assertEqual(page, "inside\n")
    '';
}
