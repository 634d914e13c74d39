# A virtual machine to play in: a root shell on the console, extra-container installed, a small container's packages present.
{
  nixpkgs,
  pkgs,
  system,
  module,
  evalContainers,
}:

let
  # Pre-built, so that a first container needs no network.
  basic = evalContainers {
    inherit system nixpkgs;
    config.containers.demo.config = { };
  };

  host = import ./vm-host.nix { inherit nixpkgs pkgs; };

  machine = import (nixpkgs + "/nixos") {
    inherit system;
    configuration =
      {
        config,
        lib,
        modulesPath,
        ...
      }:
      {
        imports = [
          module
          host.guest
          (modulesPath + "/virtualisation/qemu-vm.nix")
        ];

        virtualisation = {
          graphics = false;
          memorySize = import ./vm-memory.nix pkgs.stdenv.hostPlatform;
        };

        documentation.enable = false;
        networking.hostName = "extra-container";
        nix.nixPath = [ "nixpkgs=${nixpkgs}" ];
        services.getty.autologinUser = "root";
        system.extraDependencies = [
          basic.etc
          pkgs.stdenv
        ];
        system.stateVersion = lib.trivial.release;

        # Leaving the shell ends the machine.
        systemd.services."serial-getty@".preStop = "echo o > /proc/sysrq-trigger";
      };
  };
in
host.pkgs.runCommand "run-extra-container-vm"
  {
    preferLocalBuild = true;
    meta.mainProgram = "run-extra-container-vm";
  }
  ''
    mkdir -p "$out/bin"
    cat > "$out/bin/run-extra-container-vm" <<'EOF'
    #!${host.pkgs.runtimeShell}
    set -eu
    directory=$(mktemp -d)
    trap 'rm -rf "$directory"' EXIT
    NIX_DISK_IMAGE=$directory/disk.qcow2
    QEMU_OPTS="-smp $(nproc) ''${QEMU_OPTS-}"
    export NIX_DISK_IMAGE QEMU_OPTS
    ${machine.config.system.build.vm}/bin/run-extra-container-vm "$@"
    EOF
    chmod +x "$out/bin/run-extra-container-vm"
  ''
