# The environment of logins: variables, PATH, shell start-up files, time zone and locale.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  inherit (lib) mkOption types;
  cfg = config.environment;
  value = types.oneOf [
    types.str
    types.int
    types.float
    types.path
    (types.listOf types.str)
  ];
  variables =
    description:
    mkOption {
      type = types.attrsOf (types.nullOr value);
      default = { };
      inherit description;
      apply = lib.mapAttrs (
        _: item:
        if item == null then
          null
        else if builtins.isList item then
          lib.concatStringsSep ":" item
        else
          toString item
      );
    };
  path = "/run/wrappers/bin:/run/current-system/sw/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  lines = text: mkOption {
    type = types.lines;
    default = "";
    description = text;
  };
  set = lib.filterAttrs (_: item: item != null) (cfg.sessionVariables // cfg.variables);
in
{
  options.environment = {
    variables = variables "Variables of every login.";
    sessionVariables = variables "Variables of every session.";
    shellInit = lines "Shell text run by every shell.";
    loginShellInit = lines "Shell text run by login shells.";
    interactiveShellInit = lines "Shell text run by interactive shells.";
    extraInit = lines "Shell text run after the variables are set.";
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases of interactive shells.";
    };
    shells = mkOption {
      type = types.listOf (types.either types.package types.path);
      default = [ ];
      description = "Further login shells.";
    };
  };
  options.programs.bash = {
    enable = mkOption {
      type = types.bool;
      default = true;
      description = "Whether bash reads the system's start-up files.";
    };
    interactiveShellInit = lines "Text run by interactive bash shells.";
    loginShellInit = lines "Text run by bash login shells.";
    shellInit = lines "Text run by every bash shell.";
    promptInit = mkOption {
      type = types.lines;
      default = ''PS1='[\u@\h:\w]\$ ' '';
      description = "Text that sets the prompt.";
    };
    shellAliases = mkOption {
      type = types.attrsOf (types.nullOr (types.either types.str types.path));
      default = { };
      description = "Aliases of bash.";
    };
  };
  config = lib.mkIf config.boot.isContainer {
    environment.etc = {
      "set-environment".text = ''
        if [ -z "$__SET_ENVIRONMENT_DONE" ]; then
        export __SET_ENVIRONMENT_DONE=1
        export PATH="${path}"
        export LANG=${lib.escapeShellArg config.i18n.defaultLocale}
        ${lib.concatLines (lib.mapAttrsToList (name: item: ''export ${name}="${item}"'') set)}
        ${cfg.extraInit}
        fi
      '';
      "profile".text = ''
        . /etc/set-environment
        ${cfg.shellInit}
        ${cfg.loginShellInit}
        if [ -n "''${BASH_VERSION-}" ]; then
        ${lib.optionalString config.programs.bash.enable ''
          ${config.programs.bash.shellInit}
          ${config.programs.bash.loginShellInit}
          . /etc/bashrc
        ''}
        fi
      '';
      # What PAM gives to sessions that run no login shell, such as `ssh HOST COMMAND`.
      "pam-environment".text = lib.concatLines (
        lib.mapAttrsToList (name: item: "${name}=${item}") (set // { PATH = path; LANG = config.i18n.defaultLocale; })
      );
      "shells".text = lib.concatLines (
        map (shell: "${shell}${shell.shellPath or ""}") cfg.shells
        ++ [
          "/bin/sh"
          "/bin/bash"
          "/usr/bin/bash"
          "/run/current-system/sw/bin/bash"
        ]
      );
    }
    // lib.optionalAttrs config.programs.bash.enable {
      "bashrc".text = ''
        case $- in
        *i*)
        ${config.programs.bash.promptInit}
        ${lib.concatLines (
          lib.mapAttrsToList (name: alias: "alias -- ${name}=${lib.escapeShellArg alias}") (
            lib.filterAttrs (_: alias: alias != null) (cfg.shellAliases // config.programs.bash.shellAliases)
          )
        )}
        ${cfg.interactiveShellInit}
        ${config.programs.bash.interactiveShellInit}
        ;;
        esac
      '';
      # Debian's bash reads this one.
      "bash.bashrc".text = ''
        . /etc/set-environment
        . /etc/bashrc
      '';
    }
    // lib.optionalAttrs (config.time.timeZone != null) {
      "localtime".source = "/usr/share/zoneinfo/${config.time.timeZone}";
      "timezone".text = config.time.timeZone + "\n";
    };
  };
}
