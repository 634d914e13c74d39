# What is in /run/current-system/sw: the programs every system has, and those of environment.systemPackages.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  # Programs that tools look up below /run/current-system/sw by name; all others of the host are found through PATH.
  programs = [
    "bash" "cat" "cp" "curl" "cut" "date" "echo" "env" "false" "find" "grep" "head" "hostname" "id" "ip" "journalctl"
    "kill" "less" "ln" "login" "ls" "mkdir" "mount" "mv" "nsenter" "ping" "ps" "readlink" "rm" "sed" "sh" "sleep"
    "sort" "stat" "su" "sync" "systemctl" "systemd-run" "tail" "tee" "test" "touch" "tr" "true" "umount" "uname" "wc"
    "whoami" "xargs"
  ];
  present = builtins.filter (program: builtins.pathExists "/usr/bin/${program}") programs;
  elsewhere = builtins.filter (program: !builtins.elem program present && builtins.pathExists "/usr/sbin/${program}") programs;
  # systemctl under these names asks logind first, which containers do not have, and complains before it does without.
  end = name: {
    executable = true;
    text = ''
      #!${pkgs.runtimeShell}
      [ "$#" != 0 ] || exec systemctl --no-block --job-mode=replace-irreversibly start ${name}.target
      for program in /usr/sbin/${name} /usr/bin/${name}; do
        [ ! -x "$program" ] || exec "$program" "$@"
      done
    '';
  };
  base = pkgs.writeTree "host-base-programs" (
    builtins.listToAttrs (
      map (program: lib.nameValuePair "bin/${program}" { link = "/usr/bin/${program}"; }) present
      ++ map (program: lib.nameValuePair "bin/${program}" { link = "/usr/sbin/${program}"; }) elsewhere
      ++ map (name: lib.nameValuePair "bin/${name}" (end name)) [ "halt" "poweroff" "reboot" ]
    )
  ) { };
  program =
    name:
    lib.mkOption {
      type = lib.types.bool;
      default = false;
      description = "Whether the host must have ${name}.";
    };
in
{
  options.environment = {
    systemPackages = lib.mkOption {
      type = lib.types.listOf lib.types.package;
      default = [ ];
      description = "Packages whose programs every user has.";
    };
    defaultPackages = lib.mkOption {
      type = lib.types.listOf lib.types.package;
      default = [ ];
      description = "Further packages, kept apart so that they can be emptied.";
    };
    pathsToLink = lib.mkOption {
      type = lib.types.listOf lib.types.str;
      default = [ "/" ];
      description = "What of a package is linked, which is everything.";
    };
  };
  options.programs = {
    less.enable = program "less";
    nano.enable = program "nano";
  };
  config.environment.systemPackages =
    lib.optional config.programs.less.enable pkgs.less ++ lib.optional config.programs.nano.enable pkgs.nano;
  config.system.path =
    let
      packages = config.environment.systemPackages ++ config.environment.defaultPackages;
    in
    if packages == [ ] then
      base
    else
      pkgs.buildEnv {
        name = "system-path";
        paths = packages ++ [ base ];
      };
}
