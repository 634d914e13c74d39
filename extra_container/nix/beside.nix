# What a definition says of the host beside its containers. Only containers are installed, so the same rule holds for every way
# of evaluation: units are refused, and what the host itself would do for containers is accepted with a word.
#
# Couples to nixpkgs: which of an option's definitions are the user's is told by their file; those of NixOS come from its folder.
{
  # The `nixos` folder of the tree.
  nixos,
  # Whether the tree is the host base, all of whose options stand at the top, for containers and hosts alike.
  isHostBase,
}:

{
  config,
  lib,
  options,
  pkgs,
  ...
}:

let
  # Nix names files behind a symbolic link by their real path, as it does the path that `pkgs` knows.
  isOfTree =
    file: builtins.any (folder: lib.hasPrefix "${toString folder}/" (toString file)) [
      nixos
      (pkgs.path + "/nixos")
    ];

  # The definitions of an option that NixOS does not make, and whose conditions hold.
  given =
    path:
    let
      option = lib.attrByPath path { } options;
    in
    if lib.isOption option then
      lib.concatLists (
        lib.zipListsWith (
          # A default is a definition too, in the file that declares the option.
          file: definition: lib.optional (!isOfTree file && !builtins.elem file option.declarations) definition
        ) option.files option.definitions
      )
    else
      [ ];

  # Their attribute names; those whose own condition fails are not in the configuration.
  names =
    path:
    lib.unique (
      builtins.filter (name: (lib.attrByPath path { } config) ? ${name}) (
        lib.concatMap builtins.attrNames (builtins.filter builtins.isAttrs (given path))
      )
    );

  isContainer = prefix: suffix: name: builtins.any (container: name == "${prefix}${container}${suffix}") containers;
  containers = builtins.attrNames config.containers;

  # The container module sets these on a host, and definitions that were written for hosts do.
  ownTargets = [
    "machines"
    "multi-user"
  ];

  # From a set of units, below `systemd`, to the names in it that may be there.
  units = {
    services = name: name == "container@" || isContainer "container@" "" name;
    units = name: name == "container@.service" || isContainer "container@" ".service" name;
    targets = name: builtins.elem name ownTargets;
  }
  // lib.genAttrs [ "paths" "slices" "sockets" "timers" ] (_: _: false);

  lists = [
    "automounts"
    "mounts"
  ];

  hint = "only containers are installed; it belongs into the configuration of the host, or into containers.NAME.config";

  refused =
    lib.concatMap (
      kind:
      map (
        name:
        "systemd.${kind}.${builtins.toJSON name} is not ${
          if kind == "services" then "the service" else "a unit"
        } of a container in this definition: ${hint}"
      ) (builtins.filter (name: !units.${kind} name) (names [ "systemd" kind ]))
    ) (builtins.attrNames units)
    ++ map (kind: "systemd.${kind}: ${hint}") (
      builtins.filter (kind: builtins.concatLists (given [ "systemd" kind ]) != [ ]) lists
    );
  isConf = name: isContainer "nixos-containers/" ".conf" name || isContainer "containers/" ".conf" name;

  # The small evaluation does not know the options of a system, and a whole NixOS has too many to look at all.
  ofSystem = map (option: option.loc) (
    lib.collect lib.isOption (
      removeAttrs options [
        "_module"
        "assertions"
        "containers"
        "nixpkgs"
        "system" # its state version decides where containers are
        "warnings"
      ]
      // {
        environment = removeAttrs options.environment [ "etc" ];
        systemd = removeAttrs options.systemd (builtins.attrNames units ++ lists ++ [ "globalEnvironment" ]);
      }
    )
  );

  withoutEffect =
    map lib.showOption (
      builtins.filter (path: given path != [ ]) (
        lib.unique (map (lib.splitString ".") (import ./without-effect.nix) ++ lib.optionals isHostBase ofSystem)
      )
    )
    ++ map (name: "systemd.targets.${name}") (builtins.filter units.targets (names [ "systemd" "targets" ]))
    ++ map (name: "environment.etc.${builtins.toJSON name}") (
      builtins.filter (name: !isConf name) (names [ "environment" "etc" ])
    );
in
{
  _file = "extra-container: what stands beside containers";

  config = {
    assertions = map (message: {
      assertion = false;
      inherit message;
    }) refused;
    warnings = map (what: "${what} has no effect: only containers are installed") withoutEffect;
  };
}
