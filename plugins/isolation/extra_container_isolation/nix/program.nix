# The program that isolates a container: the unit's start script hands the command line of systemd-nspawn to it. Containers
# without an option of isolation have no such program, and the unit of nixpkgs.
#
# Couples to nixpkgs: `script` ends with `exec …/systemd-nspawn ARGUMENT…` and is run by bash, which looks for a function before it
# does so itself; SYSTEM_PATH and INSTANCE are set.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  # Its name until 20.09.
  utilLinux = lib.getBin (pkgs.util-linux or pkgs.utillinux);

  isIsolated =
    { extra, ... }:
    extra.storeView != "all" || extra.credentials != { } || extra.privateUsers || extra.profile != "nixos";

  hardened = import ./hardened.nix;

  isolated = lib.filterAttrs (_: isIsolated) config.containers;

  containers = import ./containers.nix { inherit lib config; };

  # A system that is made here has what its start needs in itself, see store-view.nix.
  viewPaths =
    name: container:
    container.extra.storeViewPaths ++ lib.optionals (!containers.hasConfig name) (import ./start-paths.nix { inherit pkgs; });

  # What the start script binds with the container's users; the host base has programs and libraries of the host's.
  mappedPaths = [
    builtins.storeDir
  ]
  ++ lib.optional (builtins.pathExists (pkgs.path + "/extra-container-host-base")) "/usr";

  cases = select: values: lib.concatStringsSep "\n" (
    lib.mapAttrsToList (name: value: "    ${name}) ${select value} ;;") values
  );

  sourceOf = credential: "echo ${lib.escapeShellArg (if credential.source == null then "" else credential.source)}";

  valueOf =
    credential:
    if credential.source == null then
      "/bin/sh -c ${lib.escapeShellArg credential.command}"
    else
      "cat -- ${lib.escapeShellArg credential.source}";

  # The names of containers and credentials need no quoting.
  programOf =
    name: container:
    pkgs.writeScript "isolation-${name}" ''
      #!/bin/sh
      set -eu
      container=${name}
      program=$0
      store=${builtins.storeDir}
      util_linux=${utilLinux}/bin
      private_users=${if containers.hasUsers container then "1" else "0"}
      profile=${container.extra.profile}
      dropped_capabilities=${lib.concatStringsSep "," hardened.capabilities}
      dropped_system_calls='${toString hardened.systemCalls}'
      mapped_paths=${lib.escapeShellArg (toString mappedPaths)}
      store_view=${container.extra.storeView}
      store_view_units=${./nix-store-.mount.d}
      store_view_paths=${lib.escapeShellArg (toString (viewPaths name container))}
      credential_names=${lib.escapeShellArg (toString (builtins.attrNames container.extra.credentials))}
      credential_source() {
        case $1 in
      ${cases sourceOf container.extra.credentials}
        esac
      }
      credential() {
        case $1 in
      ${cases valueOf container.extra.credentials}
        esac
      }
      scripts=${./scripts}
      . "$scripts/isolation.sh"
    '';
in
{
  config.systemd.services = lib.mapAttrs' (
    name: container:
    lib.nameValuePair "container@${name}" {
      environment.EXTRA_CONTAINER_ISOLATION = programOf name container;
      script = lib.mkBefore ''
        exec() {
          builtin exec "$EXTRA_CONTAINER_ISOLATION" start "$@"
        }
      '';
      serviceConfig.ExecReload = lib.mkForce "${programOf name container} reload";
      postStop = ''
        "$EXTRA_CONTAINER_ISOLATION" stopped
      '';
    }
  ) isolated;
}
