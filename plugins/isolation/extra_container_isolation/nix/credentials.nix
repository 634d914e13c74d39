# containers.NAME.extra.credentials: secrets of the host for services of the container, as credentials of systemd.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  inStore = path: builtins.substring 0 (builtins.stringLength builtins.storeDir + 1) path == "${builtins.storeDir}/";

  checks =
    container: name: credential:
    let
      option = "containers.${container}.extra.credentials.${name}";
    in
    [
      {
        # credential names of systemd, without what a shell would look at
        assertion = builtins.match "[A-Za-z0-9_][A-Za-z0-9._-]*" name != null && builtins.stringLength name < 256;
        message = "containers.${container}.extra.credentials.${builtins.toJSON name}: a name has letters, digits, and . _ - behind the first one.";
      }
      {
        assertion = (credential.source == null) != (credential.command == null);
        message = "${option} takes one of source and command, ${
          if credential.source == null then "and has none" else "and has both"
        }.";
      }
      {
        assertion = credential.source == null || builtins.match "/[^\n]*" credential.source != null;
        message = "${option}.source is ${builtins.toJSON credential.source}; it is the absolute path of a file on the host.";
      }
      {
        assertion = credential.source == null || !inStore credential.source;
        message = "${option}.source is in ${builtins.storeDir}, which every user of the host can read; use a file outside of it.";
      }
    ];
in
{
  options.containers = mkOption {
    type = types.attrsOf (
      types.submodule {
        options.extra.credentials = mkOption {
          default = { };
          description = ''
            Credentials of the container, as systemd has them: a service inside gets NAME with
            serviceConfig.LoadCredential = "NAME". They are read when the container starts and when it is updated, and are
            never in the store.
          '';
          type = types.attrsOf (
            types.submodule {
              options = {
                # No path: Nix would copy that into the store.
                source = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  example = "/etc/secrets/token";
                  description = "File of the host, as text of its absolute path.";
                };
                command = mkOption {
                  type = types.nullOr types.str;
                  default = null;
                  example = "/run/current-system/sw/bin/pass show token";
                  description = "Command of the host's root, run by sh, that prints it.";
                };
              };
            }
          );
        };
      }
    );
  };

  config.assertions = lib.concatLists (
    lib.mapAttrsToList (
      name: container: lib.concatLists (lib.mapAttrsToList (checks name) container.extra.credentials)
    ) config.containers
  );
}
