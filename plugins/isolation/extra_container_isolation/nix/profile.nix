# containers.NAME.extra.profile: several limits at once.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  hardened = import ./hardened.nix;

  isHardened = container: container.extra.profile == "hardened";

  # systemd-nspawn's option --no-new-privileges came with it. The host base does not know the version of the host's.
  version = (builtins.parseDrvName (config.systemd.package or pkgs.systemd).name).version;
  isNewEnough = builtins.match "[0-9].*" version == null || builtins.compareVersions version "239" >= 0;

  checks =
    name: container:
    let
      contradicting = builtins.filter (one: builtins.elem one hardened.capabilities) container.additionalCapabilities;
    in
    lib.optionals (isHardened container) [
      {
        assertion = contradicting == [ ];
        message = "containers.${name}.extra.profile = \"hardened\" takes away ${toString contradicting}, which containers.${name}.additionalCapabilities gives: take one of the two away.";
      }
      {
        assertion = isNewEnough;
        message = "containers.${name}.extra.profile = \"hardened\" needs a nixpkgs with systemd 239 (NixOS 18.09); this one has ${version}.";
      }
    ];
in
{
  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { config, options, ... }:
        {
          options.extra.profile = lib.mkOption {
            type = lib.types.enum [
              "nixos"
              "hardened"
            ];
            default = "nixos";
            description = ''
              What the container may do: what containers of NixOS may, or less. "hardened" gives it users of its own where
              nixpkgs can (extra.privateUsers), takes capabilities and system calls away, and lets nothing in it gain privileges.
            '';
          };
          config.extra = lib.optionalAttrs (options ? privateUsers) {
            privateUsers = lib.mkIf (isHardened config) (lib.mkDefault true);
          };
        }
      )
    );
  };

  config = {
    assertions = lib.concatLists (lib.mapAttrsToList checks config.containers);

    systemd.services = lib.mapAttrs' (
      name: container:
      let
        # Its scripts may have to load modules of the packet filter; the container itself cannot.
        loadsModules = container.extra.enableWAN or false;
      in
      lib.nameValuePair "container@${name}" {
        serviceConfig = {
          CapabilityBoundingSet = "~${
            toString (hardened.unitCapabilities ++ lib.optional (!loadsModules) "CAP_SYS_MODULE")
          }";
          NoNewPrivileges = true;
          ProtectClock = true;
          RestrictAddressFamilies = toString hardened.addressFamilies;
          RestrictRealtime = true;
          SystemCallErrorNumber = "EPERM";
          SystemCallFilter = "~${
            toString (builtins.filter (one: one != "@module" || !loadsModules) hardened.systemCalls)
          }";
        };
      }
    ) (lib.filterAttrs (_: isHardened) config.containers);
  };
}
