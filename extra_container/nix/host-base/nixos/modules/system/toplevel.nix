# The built system: what a container boots and what a live update switches to.
{
  config,
  lib,
  pkgs,
  ...
}:
let
  failed = map (item: item.message) (builtins.filter (item: !item.assertion) config.assertions);
  checked =
    if failed != [ ] then
      throw "\nFailed assertions:\n${lib.concatMapStringsSep "\n" (message: "- ${message}") failed}"
    else
      lib.showWarnings config.warnings;
  read = name: builtins.readFile (../../scripts + "/${name}");
  withOut = text: lib.replaceStrings [ "@out@" ] [ (builtins.placeholder "out") ] text;
  etc = config.system.build.etc;
in
{
  config.system.build.toplevel = checked (
    pkgs.writeTree "nixos-system-${config.system.name}-${config.system.nixos.label}" {
      init = {
        text = withOut (read "init.sh");
        executable = true;
      };
      activate = {
        text = withOut config.system.build.activate;
        executable = true;
      };
      "bin/switch-to-configuration" = {
        text = withOut (read "switch-to-configuration.sh");
        executable = true;
      };
      etc.link = "${etc}/etc";
      etc-manifest.link = "${etc}/manifest";
      users.text = config.system.build.usersSpec;
      "users.awk".text = read "users.awk";
      sw.link = "${config.system.path}";
      system.text = config.nixpkgs.hostPlatform.system;
      nixos-version.text = config.system.nixos.label;
      # A different value means that a running container cannot be updated in place.
      init-interface-version.text = "host-base 1";
    } { }
  );
}
