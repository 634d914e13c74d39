# The NixOS module of a machine that gets its containers from others: a user whose SSH keys may only call this program and speak
# Nix' protocol of stores.
{
  config,
  lib,
  options,
  ...
}:

let
  cfg = config.programs.extra-container.target;
  program = "${config.programs.extra-container.package}/bin/extra-container";
  isTrusted =
    name:
    let
      users = config.nix.settings.trusted-users or config.nix.trustedUsers or [ ];
    in
    lib.elem name users || lib.elem "*" users;
in
{
  imports = [ ./module.nix ];

  options.programs.extra-container.target = {
    enable = lib.mkEnableOption "a user by whom other machines manage containers here";

    user = lib.mkOption {
      type = lib.types.str;
      default = "extra-container";
      description = "The user's name.";
    };

    authorizedKeys = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      description = ''
        SSH keys of who may manage containers here. They may call this program for containers, whose root they are, and copy
        store paths here; they may not evaluate anything as root, and have no shell.
      '';
    };

    trustedPublicKeys = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ ];
      example = [ "builder-1:kWbJ…" ];
      description = ''
        Nix' keys of who builds containers for this machine (`nix key generate-secret` and `nix key convert-secret-to-public`).
        What none of them has signed is not taken. Whoever has one of their secret keys can become root here.
      '';
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = !isTrusted cfg.user;
        message = "programs.extra-container.target: ${cfg.user} is one of Nix' trusted-users, which is as good as root";
      }
    ];

    programs.extra-container.enable = true;

    users.users.${cfg.user} = {
      isSystemUser = true;
      group = cfg.user;
      description = "Containers from other machines";
      # sshd calls the command of a key by the user's shell.
      shell = "/bin/sh";
      openssh.authorizedKeys.keys = map (key: ''restrict,pty,command="${program} serve-ssh" ${key}'') cfg.authorizedKeys;
    };
    users.groups.${cfg.user} = { };

    # The command checks as root once more what it is to do.
    security.sudo.extraRules = [
      {
        users = [ cfg.user ];
        commands = [
          {
            command = "${program} serve-ssh -- *";
            options = [ "NOPASSWD" ];
          }
        ];
      }
    ];

    # Before 22.05 there was an option for each setting.
    nix =
      if options.nix ? settings then
        { settings.trusted-public-keys = cfg.trustedPublicKeys; }
      else
        { binaryCachePublicKeys = cfg.trustedPublicKeys; };
  };
}
