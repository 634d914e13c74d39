# PAM services of a container. The modules are the host's, in its own library directory.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  environment = "session required pam_env.so readenv=1 envfile=/etc/pam-environment conffile=/dev/null\n";
  unix = ''
    account required pam_unix.so
    auth sufficient pam_unix.so likeauth try_first_pass
    auth required pam_deny.so
    password sufficient pam_unix.so yescrypt
    session required pam_unix.so
  '';
  withoutPassword = ''
    account required pam_unix.so
    auth sufficient pam_rootok.so
    auth required pam_unix.so
    session required pam_permit.so
  '';
in
{
  options.security.pam.services = mkOption {
    default = { };
    description = "PAM services by name.";
    type = types.attrsOf (
      types.submodule (
        { config, ... }:
        {
          options = {
            rootOK = mkOption {
              type = types.bool;
              default = false;
              description = "Whether root needs no password.";
            };
            text = mkOption {
              type = types.lines;
              description = "Lines of the service's file.";
            };
          };
          config.text = lib.mkDefault ((if config.rootOK then withoutPassword else unix) + environment);
        }
      )
    );
  };
  config = lib.mkIf config.boot.isContainer {
    security.pam.services = {
      su.rootOK = true;
      su-l.rootOK = true;
      runuser.rootOK = true;
      runuser-l.rootOK = true;
      chpasswd.rootOK = true;
      login = { };
      passwd = { };
      sshd = { };
      other.text = ''
        account required pam_deny.so
        auth required pam_deny.so
        password required pam_deny.so
        session required pam_deny.so
      '';
    };
    environment.etc = lib.mapAttrs' (
      name: service: lib.nameValuePair "pam.d/${name}" { inherit (service) text; }
    ) config.security.pam.services;
  };
}
