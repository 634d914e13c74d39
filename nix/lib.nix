# The flake's functions for containers. They share modules and evaluation code with the command line, and need no Python.
{ nixpkgs }:

let
  ownModules = [
    ../plugins/network/extra_container_network/nix/module.nix
    ../plugins/isolation/extra_container_isolation/nix/module.nix
    ../plugins/ssh/extra_container_ssh/nix/module.nix
    ../plugins/resources/extra_container_resources/nix/module.nix
    ../plugins/health/extra_container_health/nix/module.nix
  ];

  ownNixpkgs = nixpkgs;

  # The runner of a build: the installed program, with the build as the default definition.
  runner = ''
    mkdir -p "$out/bin"
    cat > "$out/bin/container" <<EOF
    #!/bin/sh
    if ! command -v extra-container > /dev/null 2>&1; then
      echo 'extra-container is not installed, or not in PATH.' >&2
      echo 'On NixOS: programs.extra-container.enable = true; elsewhere: install the package and run this again.' >&2
      exit 127
    fi
    EXTRA_CONTAINER_ETC='$out'
    export EXTRA_CONTAINER_ETC
    exec extra-container "\$@"
    EOF
    chmod +x "$out/bin/container"
  '';
in
rec {
  supportedSystems = [
    "x86_64-linux"
    "i686-linux"
    "aarch64-linux"
  ];

  # From `system: { packages.default = …; }` to `{ packages.SYSTEM.default = …; }` for all supported systems.
  eachSupportedSystem =
    outputsOf:
    builtins.foldl' (
      result: system:
      let
        outputs = outputsOf system;
      in
      result
      // builtins.mapAttrs (name: output: (result.${name} or { }) // { ${system} = output; }) outputs
    ) { } supportedSystems;

  # Evaluates a definition. Result: { config, options, pkgs, etc, names, containers, … }; see extra_container/nix/evaluate.nix.
  evalContainers =
    {
      # The system of the host.
      system,
      # The definition: a NixOS module that sets containers.NAME.
      config,
      nixpkgs ? ownNixpkgs,
      # For hosts whose `system.stateVersion` is before 22.05.
      legacyInstallDirs ? false,
      # NixOS modules of plugins, and what they read as `extraContainer.inputs`.
      plugins ? [ ],
      inputs ? { },
      # "small", or "full" for nixpkgs with which the small evaluation fails.
      evaluation ? "small",
      name ? "etc",
      extraCommands ? "",
    }:
    let
      chosen = import ../extra_container/nix/definition.nix {
        definition = config;
        definitionFile = null;
        attrPath = [ ];
        label = "the flake's definition of containers";
      };
      tree = if chosen.nixpkgsPath != null then chosen.nixpkgsPath else nixpkgs;
    in
    import ../extra_container/nix/evaluate.nix {
      nixos = tree + "/nixos";
      definition = chosen.module;
      pluginModules = ownModules ++ plugins;
      mode = evaluation;
      inherit
        extraCommands
        inputs
        legacyInstallDirs
        name
        system
        ;
    };

  # Builds a definition. Result: the derivation, with the attributes `config` and `containers`.
  buildContainers =
    {
      addRunner ? true,
      ...
    }@arguments:
    let
      evaluated = evalContainers (
        builtins.removeAttrs arguments [ "addRunner" ]
        // (
          if addRunner then
            {
              name = "container";
              extraCommands = runner;
            }
          else
            { }
        )
      );
    in
    evaluated.etc // { inherit (evaluated) config containers; };
}
