# What the option modules ask about containers.
{ lib, config }:

let
  extraContainer = config._module.args.extraContainer or { };
in
{
  # Whether a module can be added to the system of a container: one that is given by `path` or `flake` has none.
  hasConfig = extraContainer.hasConfig or (_: true);

  # Whether a container has users of its own, which nixpkgs can do since 25.05.
  hasUsers =
    container:
    let
      users = container.privateUsers or "no";
    in
    users == "pick" || builtins.isInt users && users > 0;

  # Adds to the system of a container while an option is active. `systemIf` is a function from that condition to a module that
  # applies it to its `config`: inside of the system, so that the condition itself may be taken from there.
  extend =
    name: isActive: systemIf:
    if extraContainer ? hasConfig then
      lib.mkIf (extraContainer.hasConfig name) { config = systemIf isActive; }
    else
      # Which containers have a `config` is not known, and for one that has none a definition of it is an error.
      lib.mkIf isActive { config = systemIf true; };
}
