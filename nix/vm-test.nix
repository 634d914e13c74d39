# The program on a real NixOS, in a virtual machine. Every step asserts.
{
  nixpkgs,
  pkgs,
  system,
  module,
  evalContainers,
}:

let
  definition = import ./vm-test-container.nix;

  # The same as a file. What is evaluated here is the value, since pure evaluation may not read what is yet to be built.
  fileOf =
    content: pkgs.writeText "${content}.nix" "import ${./vm-test-container.nix} ${builtins.toJSON content}";

  first = fileOf "first";
  second = fileOf "second";

  etcOf = config: (evalContainers { inherit config nixpkgs system; }).etc;

  host = import ./vm-host.nix { inherit nixpkgs pkgs; };

  runTest =
    if host.pkgs.stdenv.hostPlatform.system == system then
      pkgs.testers.nixosTest or pkgs.nixosTest
    else
      test: host.pkgs.testers.runNixOSTest (test // { node.pkgs = pkgs.lib.mkForce pkgs; });
in
runTest {
  name = "extra-container";

  nodes.machine =
    { lib, ... }:
    {
      imports = [
        module
        host.guest
      ];
      virtualisation.memorySize = import ./vm-memory.nix pkgs.stdenv.hostPlatform;
      nix.nixPath = [ "nixpkgs=${nixpkgs}" ];
      nix.settings.substituters = lib.mkForce [ ];
      system.stateVersion = lib.trivial.release;
      # All that the machine evaluates is already built.
      system.extraDependencies = [
        (etcOf (definition "first"))
        (etcOf (definition "second"))
        pkgs.stdenv
      ];
    };

  testScript = ''
    def read_file() -> str:
        return machine.succeed("extra-container run test -- cat /etc/test-file").strip()

    def leader() -> str:
        return machine.succeed("machinectl show test -p Leader --value").strip()

    machine.wait_for_unit("multi-user.target")

    with subtest("create and start"):
        machine.succeed("extra-container create --start ${first}")
        assert machine.succeed("extra-container list") == "test\n"
        assert read_file() == "first", read_file()
        machine.succeed("ping -c1 -W5 10.250.0.2")

    with subtest("unchanged: left alone"):
        before = leader()
        output = machine.succeed("extra-container create --start ${first}")
        assert "test (unchanged, skipped)" in output, output
        assert leader() == before

    with subtest("a new system: updated, not restarted"):
        machine.succeed("extra-container create --start ${second}")
        assert read_file() == "second", read_file()
        assert leader() == before

    with subtest("exit code of run"):
        code, _ = machine.execute("extra-container run test -- sh -c 'exit 7'")
        assert code == 7, code

    with subtest("automatic start"):
        machine.shutdown()
        machine.wait_for_unit("container@test.service")
        assert read_file() == "second", read_file()

    with subtest("destroy"):
        machine.succeed("extra-container destroy test")
        assert machine.succeed("extra-container list") == ""
        machine.fail("test -e /var/lib/nixos-containers/test")

    with subtest("shell"):
        output = machine.succeed("extra-container shell ${first} --run c cat /etc/test-file")
        assert "first" in output, output
        assert machine.succeed("extra-container list") == ""
  '';
}
