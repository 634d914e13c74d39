# Who runs a virtual machine of the system of `pkgs`.
#
# Result: { pkgs, guest }: the packages that run it, and a module for the machine. nixpkgs builds qemu for 64-bit systems only since
# 25.11; the one for x86_64 runs 32-bit machines as well.
{ nixpkgs, pkgs }:

let
  isAvailable = pkgs.lib.meta.availableOn or (_: _: true);
in
if pkgs.stdenv.hostPlatform.is32bit && !isAvailable pkgs.stdenv.hostPlatform pkgs.qemu then
  rec {
    pkgs = nixpkgs.legacyPackages.x86_64-linux;
    guest =
      { lib, ... }:
      {
        virtualisation.host.pkgs = lib.mkForce pkgs;
        # It would be qemu's own of the machine.
        services.qemuGuest.enable = lib.mkForce false;
      };
  }
else
  {
    inherit pkgs;
    guest = { };
  }
