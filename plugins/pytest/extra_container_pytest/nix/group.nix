# One definition for a group of machines of a test: those of all sources, with the names and addresses of the group's slot, on its
# bridge, and known to each other by the names that the test calls them.
#
# slot, bridge, prefix: see registry.py. sources: list of { path; kind; }; kind is "definition", "machines" or "test", each perhaps
#   followed by ":MACHINE", the only one that is wanted of the source.
{
  slot,
  bridge,
  prefix,
  sources,
}:

{
  config,
  extraContainer,
  lib,
  ...
}:

let
  rename = import ./rename.nix { inherit lib slot; };

  parsed =
    source:
    let
      parts = builtins.match "([a-z]+)(:(.*))?" source.kind;
      machine = builtins.elemAt parts 2;
    in
    {
      path = /. + source.path;
      isJson = builtins.match ".*\\.json" source.path != null;
      kind = builtins.head parts;
      keep = if machine == null then _: true else name: name == machine;
    };

  moduleOf =
    source:
    let
      value = if source.isJson then builtins.fromJSON (builtins.readFile source.path) else source.path;
      machines = lib.mapAttrs (_: machine: {
        config = if machine ? file then /. + machine.file else machine.value;
      }) value;
    in
    if source.kind == "machines" then
      { containers = machines; }
    else if source.kind == "test" then
      import ./test.nix {
        inherit lib;
        file = source.path;
        nodes = lib.mapAttrs (_: container: container.config) renamedBack;
      }
    else
      value;

  # Several groups may be built at once.
  isOurs = lib.hasPrefix "${slot}-";
  names = lib.filter isOurs (lib.attrNames config.containers);

  # What a definition sees of its containers has the names that it gave them.
  renamedBack = rename.back (lib.filterAttrs (name: _: isOurs name) config.containers);

  # The machines are numbered in the order of their names; the host is 1.
  addresses = lib.listToAttrs (
    lib.imap0 (index: name: lib.nameValuePair name "${prefix}.${toString (index + 2)}") names
  );

  hosts = lib.mapAttrs' (name: address: lib.nameValuePair address [ (rename.machine name) ]) addresses;
in
{
  imports = map (
    source:
    let
      one = parsed source;
    in
    rename.module {
      inherit (one) keep;
      back = renamedBack;
    } (moduleOf one)
  ) sources;

  options.containers = lib.mkOption {
    type = lib.types.attrsOf (
      lib.types.submodule (
        { name, config, ... }:
        {
          # Fixed addresses would clash as soon as two runs of a test are under way.
          config = lib.mkIf (isOurs name) {
            privateNetwork = lib.mkForce true;
            hostBridge = lib.mkForce bridge;
            localAddress = lib.mkForce "${addresses.${name}}/24";
            hostAddress = lib.mkForce null;
            localAddress6 = lib.mkForce null;
            hostAddress6 = lib.mkForce null;
            autoStart = lib.mkForce false;
            extra = {
              addressPrefix = lib.mkForce null;
              addressPrefix6 = lib.mkForce null;
              registerName = lib.mkDefault false;
              resolvePeers = lib.mkForce false;
            };
            # One that is given by its path has no configuration to add to.
            config = lib.mkIf (extraContainer.hasConfig name) {
              # Stronger than the container module's default, weaker than a definition's own.
              networking = {
                hostName = lib.mkOverride 900 (rename.machine name);
                inherit hosts;
                defaultGateway = lib.mkIf config.extra.enableWAN (lib.mkDefault "${prefix}.1");
              };
            };
          };
        }
      )
    );
  };
}
