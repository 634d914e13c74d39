# What the option modules ask about containers.
{ lib, config }:

let
  extraContainer = config._module.args.extraContainer or { };

  withoutMask = address: builtins.head (lib.splitString "/" address);

  # The addresses among the given ones that are set.
  addresses = candidates: map withoutMask (lib.filter (address: address != null) candidates);
in
{
  inherit addresses;

  localAddresses =
    container:
    addresses [
      container.localAddress
      container.localAddress6
    ];

  hostAddresses =
    container:
    addresses [
      container.hostAddress
      container.hostAddress6
    ];

  # Whether a module can be added to the system of a container: one that is given by `path` or `flake` has none.
  hasConfig = extraContainer.hasConfig or (_: true);

  # Adds to the system of a container while an option is active. `systemIf` is a function from that condition to a module that
  # applies it to its `config`: inside of the system, so that the condition itself may be taken from there.
  extend =
    name: isActive: systemIf:
    if extraContainer ? hasConfig then
      lib.mkIf (extraContainer.hasConfig name) { config = systemIf isActive; }
    else
      # Which containers have a `config` is not known, and for one that has none a definition of it is an error.
      lib.mkIf isActive { config = systemIf true; };

  # The containers that an option is active for.
  active =
    option:
    lib.filterAttrs (_: container: container.privateNetwork && container.extra.${option}) config.containers;

  # An assertion for each container that an option is active for. `needs` are names of options of the container, of which one
  # must not be null.
  needsOneOf =
    option: needs: containers:
    lib.mapAttrsToList (name: container: {
      assertion = lib.any (need: container.${need} != null) needs;
      message = "containers.${name}.extra.${option} needs ${
        lib.concatMapStringsSep " or " (need: "containers.${name}.${need}") needs
      }: set one, or extra.addressPrefix.";
    }) containers;

  # A package, unless this package set has none of the name. The built-in host base throws where the host lacks the program.
  optionalPackage =
    pkgs: name:
    let
      package = builtins.tryEval pkgs.${name};
    in
    lib.optional (pkgs ? ${name} && package.success) package.value;

  needsConfig =
    option: hasConfig: containers:
    lib.mapAttrsToList (name: _: {
      assertion = hasConfig name;
      message = "containers.${name}.extra.${option} changes the container's system: it needs containers.${name}.config.";
    }) containers;
}
