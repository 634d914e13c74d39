# containers.NAME.extra.addressPrefix and addressPrefix6: both ends of a private network from one setting.
{ config, lib, ... }:

let
  inherit (lib) mkOption types;

  # From the program: `free` prefixes of this machine in order, and those already `assigned` to containers by name.
  inputs = (config._module.args.extraContainer or { }).inputs or { };
  network = inputs.network or {
    free = [ ];
    assigned = { };
  };

  prefixes = lib.mapAttrs (_: container: container.extra.addressPrefix) config.containers;
  automatic = lib.filter (name: prefixes.${name} == "auto") (lib.attrNames prefixes);
  fixed = lib.filter (prefix: prefix != null && prefix != "auto") (lib.attrValues prefixes);

  kept = lib.filterAttrs (
    name: prefix: lib.elem name automatic && !lib.elem prefix fixed
  ) network.assigned;
  waiting = lib.filter (name: !kept ? ${name}) automatic;
  free = lib.filter (prefix: !lib.elem prefix (fixed ++ lib.attrValues kept)) network.free;

  # Containers beyond the end of `free` get none, which the assertion below reports.
  chosen = kept // lib.listToAttrs (lib.zipListsWith lib.nameValuePair waiting free);

  # A unique local prefix (RFC 4193): fd, and 56 bits that only depend on the container's name.
  uniqueLocal =
    name:
    let
      hash = builtins.hashString "sha256" "extra-container ${name}";
      group = start: builtins.substring start 4 hash;
    in
    "fd${builtins.substring 0 2 hash}:${group 2}:${group 6}:${group 10}";

  isNumber = text: builtins.match "25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9]" text != null;
  isPrefix =
    text:
    let
      numbers = lib.splitString "." text;
    in
    lib.length numbers == 3 && lib.all isNumber numbers;
  isPrefix6 =
    text:
    let
      groups = lib.splitString ":" text;
    in
    lib.length groups <= 4 && lib.all (group: builtins.match "[0-9a-fA-F]{1,4}" group != null) groups;

  automaticMessage =
    name:
    if inputs ? network then
      "containers.${name}.extra.addressPrefix: no private subnet is free on this machine; set one."
    else
      "containers.${name}.extra.addressPrefix = \"auto\" is for definitions that the program extra-container builds; set a prefix.";

  checks =
    name: container:
    let
      inherit (container.extra) addressPrefix addressPrefix6;
    in
    [
      {
        assertion = addressPrefix == null || addressPrefix == "auto" || isPrefix addressPrefix;
        message = "containers.${name}.extra.addressPrefix is ${builtins.toJSON addressPrefix}; it is three numbers like \"10.250.0\", or \"auto\".";
      }
      {
        assertion = addressPrefix6 == null || addressPrefix6 == "auto" || isPrefix6 addressPrefix6;
        message = "containers.${name}.extra.addressPrefix6 is ${builtins.toJSON addressPrefix6}; it is up to four groups like \"fd00:250:0:1\", or \"auto\".";
      }
      {
        assertion = addressPrefix != "auto" || chosen ? ${name};
        message = automaticMessage name;
      }
      {
        assertion =
          addressPrefix != "auto"
          || container.localAddress == null
          || lib.all (other: other == name || config.containers.${other}.localAddress != container.localAddress) (
            lib.attrNames config.containers
          );
        message = "containers.${name}.extra.addressPrefix = \"auto\" gave ${toString container.localAddress}, which another container of the definition sets itself.";
      }
    ];
in
{
  options.containers = mkOption {
    type = types.attrsOf (
      types.submodule (
        { config, name, ... }:
        let
          inherit (config.extra) addressPrefix addressPrefix6;
          prefix = if addressPrefix == "auto" then chosen.${name} or null else addressPrefix;
          prefix6 = if addressPrefix6 == "auto" then uniqueLocal name else addressPrefix6;
        in
        {
          options.extra = {
            addressPrefix = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "10.250.0";
              description = ''
                Sets privateNetwork, hostAddress (the prefix with .1) and localAddress (with .2).
                "auto" takes a free private subnet and keeps it as long as the container is installed.
              '';
            };
            addressPrefix6 = mkOption {
              type = types.nullOr types.str;
              default = null;
              example = "fd00:250:0:1";
              description = ''
                Sets privateNetwork, hostAddress6 (the prefix with ::1) and localAddress6 (with ::2).
                "auto" takes a unique local prefix that depends on the container's name only.
              '';
            };
          };

          config = {
            privateNetwork = lib.mkIf (addressPrefix != null || addressPrefix6 != null) true;
            hostAddress = lib.mkIf (prefix != null) (lib.mkDefault "${prefix}.1");
            localAddress = lib.mkIf (prefix != null) (lib.mkDefault "${prefix}.2");
            hostAddress6 = lib.mkIf (prefix6 != null) (lib.mkDefault "${prefix6}::1");
            localAddress6 = lib.mkIf (prefix6 != null) (lib.mkDefault "${prefix6}::2");
          };
        }
      )
    );
  };

  config.assertions = lib.concatLists (lib.mapAttrsToList checks config.containers);
}
