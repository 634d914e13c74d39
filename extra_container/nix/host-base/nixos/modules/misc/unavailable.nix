# What people ask NixOS for and this base cannot do: saying no to it is all right, anything else is refused.
{
  config,
  lib,
  options,
  ...
}:
let
  inherit (lib) mkOption types;
  off = path: reason: { inherit reason; path = lib.splitString "." path; };
  table = [
    (off "networking.useDHCP" "there is no DHCP client")
    (off "networking.useNetworkd" "there is no networkd")
    (off "networking.networkmanager.enable" "there is no NetworkManager")
    (off "security.polkit.enable" "there is no polkit")
    (off "security.sudo.enable" "nothing in a container is setuid")
    (off "services.resolved.enable" "there is no resolved, but the host's resolv.conf or networking.nameservers")
    (off "services.timesyncd.enable" "the clock is the host's")
    (off "services.udisks2.enable" "there is no udisks")
    (off "systemd.network.enable" "there is no networkd")
  ];
  hint = "The built-in host base cannot do this: give a nixpkgs with --nixpkgs-path.";
  dhcp = builtins.filter (iface: iface.useDHCP == true) (builtins.attrValues config.networking.interfaces);
  interfaces = lib.showOption options.networking.interfaces.loc;
in
{
  options = lib.foldl' (
    acc: entry:
    lib.recursiveUpdate acc (
      lib.setAttrByPath entry.path (mkOption {
        type = types.bool;
        default = false;
        description = "Not available: ${entry.reason}.";
      })
    )
  ) { } table;
  config.assertions = lib.mkIf config.boot.isContainer (
    map (entry: {
      assertion = !lib.getAttrFromPath entry.path config;
      message = "${lib.showOption (lib.getAttrFromPath entry.path options).loc}: ${entry.reason}. ${hint}";
    }) table
    ++ map (iface: {
      assertion = false;
      message = "${interfaces}.${iface.name}.useDHCP: there is no DHCP client. ${hint}";
    }) dhcp
  );
}
