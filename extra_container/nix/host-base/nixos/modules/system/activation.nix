# What is done in a running system before its units start: at boot by `init`, at a live update by switch-to-configuration.
{
  config,
  lib,
  ...
}:
let
  inherit (lib) mkOption types;
  scripts = ../../scripts;
  snippets = lib.mapAttrs (
    name: snippet:
    if builtins.isString snippet then
      lib.noDepEntry (wrapped name snippet)
    else
      {
        deps = snippet.deps;
        text = wrapped name snippet.text;
      }
  ) config.system.activationScripts;
  # A failing snippet is reported and the rest still runs, as on NixOS.
  wrapped = name: text: ''
    (
    set -e
    ${text}
    )
    if [ $? -ne 0 ]; then echo "Activation script snippet '${name}' failed" >&2; status=1; fi
  '';
in
{
  options.system = {
    activationScripts = mkOption {
      default = { };
      description = "Shell snippets run at boot and at every live update; { text; deps; } puts one after others.";
      type = types.attrsOf (
        types.either types.str (
          types.submodule {
            options = {
              deps = mkOption {
                type = types.listOf types.str;
                default = [ ];
                description = "Snippets that run earlier.";
              };
              text = mkOption {
                type = types.lines;
                description = "Shell text.";
              };
              supportsDryActivation = mkOption {
                type = types.bool;
                default = false;
                description = "Whether a dry run may run it; a dry run runs nothing.";
              };
            };
          }
        )
      );
    };
    path = mkOption {
      internal = true;
      type = types.package;
      description = "Packages of the system in one directory.";
    };
    build = mkOption {
      type = types.lazyAttrsOf types.raw;
      default = { };
      description = "Built parts of the system.";
    };
  };
  config.system = {
    activationScripts = {
      users.text = builtins.readFile (scripts + "/users.sh");
      # Copies may belong to users and groups by name.
      etc = {
        deps = [ "users" ];
        text = builtins.readFile (scripts + "/etc.sh");
      };
      # Names that other snippets give as dependencies; what NixOS does there is done by nspawn and tmpfiles here.
      groups = "";
      specialfs = "";
      var = "";
      hostname = {
        deps = [ "etc" ];
        text = ''
          # Mounted over, the file may be empty or lack the end of its line.
          read -r name </etc/hostname || :
          read -r now </proc/sys/kernel/hostname
          if [ -n "$name" ] && [ "$name" != "$now" ]; then hostname "$name"; fi
        '';
      };
    };
    build.activate = ''
      #!/bin/sh
      # Makes the files, users and directories of this system the current ones.
      systemConfig=@out@
      export systemConfig
      export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
      # What is made here is for everybody, whatever the person allows who asked for the update.
      umask 022
      status=0
      ${builtins.readFile (scripts + "/mounts.sh")}
      ${lib.textClosureMap lib.id snippets (builtins.attrNames snippets)}
      ln -sfn "$systemConfig" /run/current-system
      exit $status
    '';
  };
}
