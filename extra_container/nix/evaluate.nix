# The evaluation that the command line and the flake share.
#
# Result: { etc, share, names, containers, evaluation, config, options, pkgs }; `config`, `options` and `pkgs` are those of the given tree.
{
  # The `nixos` folder of a nixpkgs tree.
  nixos,
  # The module with the user's definition.
  definition,
  # NixOS modules of plugins: paths or modules.
  pluginModules ? [ ],
  # What plugins hand to their modules; the module argument `extraContainer.inputs`.
  inputs ? { },
  # "small" or "full".
  mode ? "small",
  # The containers that are wanted; null means all.
  only ? null,
  # What other processes evaluated, see etc.nix.
  evaluated ? { },
  # Which share of them this process evaluates, see etc.nix.
  share ? {
    number = 0;
    processes = [ 1 ];
    frame = false;
    announce = false;
  },
  # Version of the running kernel; "" means that nothing is known and that it is taken as new.
  kernelVersion ? "",
  # Whether the containers go to /etc/containers and /var/lib/containers.
  legacyInstallDirs ? false,
  system ? builtins.currentSystem,
  # Shell text that adds files to the result, and the result's name.
  extraCommands ? "",
  name ? "etc",
}:

let
  evaluateWith =
    nixos:
    let
      # The host base has no container module of nixpkgs that could be taken out of it.
      isHostBase = builtins.pathExists (nixos + "/../extra-container-host-base");

      evaluation =
        if mode != "small" && mode != "full" then
          throw "unknown evaluation '${mode}'; it is 'small' or 'full'"
        else if isHostBase then
          "full"
        else
          mode;

      own = [
        definition
        (import ./shared.nix {
          inherit
            definition
            inputs
            legacyInstallDirs
            release
            ;
        })
        ./recovery.nix
        ./idmap.nix
        (import ./beside.nix { inherit isHostBase nixos; })
      ]
      # Releases before 17.03 cannot add to the options of a container.
      ++ (if isHostBase || !lib.types.str ? typeMerge then [ ] else [ (import ./containers.nix { inherit nixos release; }) ])
      ++ pluginModules;

      # Imported, as a host's configuration imports what it is made of: until 20.03 texts and lists of what is not were merged before
      # those of nixpkgs.
      modules = [
        {
          _file = "extra-container";
          imports = own;
        }
      ];

      lib = import (nixos + "/../lib");

      # The library knows it since 18.09.
      release =
        lib.trivial.release or (builtins.head (builtins.match "([0-9.]+).*" (builtins.readFile (nixos + "/../.version"))));

      evaluated =
        if evaluation == "full" then
          import ./full.nix { inherit nixos system modules; }
        else
          import ./small {
            inherit
              nixos
              system
              modules
              kernelVersion
              ;
          };
    in
    evaluated // { inherit evaluation; };

  given = evaluateWith nixos;

  # A container that names its own nixpkgs is evaluated, unit and conf included, with that nixpkgs alone: its systemd-nspawn fits
  # its systemd, and the two trees need not understand each other's modules.
  treeOf =
    container:
    let
      # The module system does not say which container it cannot make a module of.
      pinned =
        builtins.addErrorContext "while evaluating the option `containers.${container}':"
          (given.config.containers.${container}.nixpkgs or null);
    in
    if pinned == null || toString pinned == toString given.pkgs.path then null else pinned;

  key = tree: builtins.unsafeDiscardStringContext (toString tree);

  pinned = builtins.listToAttrs (
    map (container: {
      name = key (treeOf container);
      value =
        evaluateWith
          (import ./tree.nix {
            nixpkgs = treeOf container;
            label = "containers.${container}.nixpkgs";
          }).nixos;
    }) (builtins.filter (container: treeOf container != null) (builtins.attrNames given.config.containers))
  );

  evaluationOf =
    container:
    let
      tree = treeOf container;
    in
    if tree == null then given else pinned.${key tree};

  result = import ./etc.nix {
    inherit
      given
      only
      evaluated
      share
      kernelVersion
      extraCommands
      name
      evaluationOf
      ;
  };
in
{
  inherit (result) etc share names;

  # The evaluated options of every container, each from the configuration that its files come from.
  containers = builtins.listToAttrs (
    map (container: {
      name = container;
      value = (evaluationOf container).config.containers.${container};
    }) (builtins.attrNames given.config.containers)
  );

  inherit (given)
    evaluation
    config
    options
    pkgs
    ;
}
