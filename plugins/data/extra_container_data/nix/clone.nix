# A container of the definition under another name as well: with another network where its own has fixed addresses, or with `same`
# in that which it has.
#
# All that the definition says of `containers.FROM` is said of `containers.TO`, whatever it depends on. What it says of the host's
# part by that name, as `systemd.services."container@FROM"`, is not.
{
  config,
  lib,
  options,
  ...
}:

let
  # From the program: `from` and `to`; `prefix`, `prefix6` and `same` may be null.
  given = config._module.args.extraContainer.inputs.clone;
  inherit (given) prefix prefix6;
  same = given.same != null;

  # Taking a name from a definition asks for no value in it, so that this one may be among them.
  # One that gets back the name which the definition knows has all of it already.
  definitions = lib.optionals (given.from != given.to) (
    map (definition: definition.${given.from} or { }) options.containers.definitions
  );
  source = config.containers.${given.from};

  # Addresses that the definition says itself, and no prefix.
  ownAddress = source.extra.addressPrefix == null && source.localAddress != null;
  ownAddress6 = source.extra.addressPrefix6 == null && source.localAddress6 != null;
in
{
  containers.${given.to} = lib.mkMerge (
    definitions
    ++ [
      {
        extra.addressPrefix = lib.mkIf (prefix != null || !same && source.extra.addressPrefix != null) (
          lib.mkOverride 40 (if prefix == null then "auto" else prefix)
        );
        extra.addressPrefix6 = lib.mkIf (prefix6 != null || !same && source.extra.addressPrefix6 != null) (
          lib.mkOverride 40 (if prefix6 == null then "auto" else prefix6)
        );
        hostAddress = lib.mkIf (prefix != null) (lib.mkOverride 40 "${prefix}.1");
        localAddress = lib.mkIf (prefix != null) (lib.mkOverride 40 "${prefix}.2");
      }
    ]
  );

  assertions = [
    {
      assertion = same || !ownAddress || (prefix != null && source.hostBridge == null);
      message =
        "containers.${given.from} has the address ${toString source.localAddress}, which its clone cannot have as well: "
        + (
          if source.hostBridge == null then
            "give the clone a network with --address-prefix."
          else
            "write the clone into the definition, with an address of its own on ${source.hostBridge}."
        );
    }
    {
      assertion = same || !ownAddress6;
      message = "containers.${given.from} has the address ${toString source.localAddress6}, which its clone cannot have as well: use extra.addressPrefix6, or write the clone into the definition.";
    }
  ];
}
