# Entry point of the command line: everything that comes from the user or from a plugin arrives as an argument, never as pasted
# text. Structured values are JSON strings, because `--argstr` is the only form that needs no quoting rules.
{
  # A `nixos` folder, or a nixpkgs folder: exactly one of the two.
  nixos ? null,
  nixpkgs ? null,
  # Which option of the program gave it; "" if it is the search path's.
  treeOption ? "",
  # The definition as a value, or the absolute path of its file or directory: exactly one of the two.
  definition ? null,
  definitionFile ? null,
  # What messages call a definition that has no file.
  definitionName ? "the given expression",
  # JSON list of attribute names.
  attrPath ? "[]",
  # JSON list of absolute paths.
  pluginModules ? "[]",
  # JSON object.
  inputs ? "{}",
  mode ? "small",
  # JSON list of names, or null for all.
  only ? "null",
  # Absolute path of a JSON file: what the shares of all processes say of their containers.
  evaluated ? null,
  # JSON object, see etc.nix; null for who has no share.
  share ? "null",
  kernelVersion ? "",
  legacyInstallDirs ? false,
  system ? builtins.currentSystem,
  # JSON list of option paths, each a list of names; see locate.nix.
  optionPaths ? "[]",
}:

let
  chosen = import ./definition.nix {
    inherit definition definitionFile;
    attrPath = builtins.fromJSON attrPath;
    label = definitionName;
  };

  tree = import ./tree.nix (
    if chosen.nixpkgsPath != null then
      {
        nixpkgs = chosen.nixpkgsPath;
        label = "nixpkgsPath of the definition";
      }
    else
      {
        inherit nixos nixpkgs;
        label = if treeOption == "" then "<nixpkgs/nixos>" else treeOption;
      }
  );

  evaluate =
    arguments:
    import ./evaluate.nix (
      {
        inherit (tree) nixos;
        pluginModules = map (path: /. + path) (builtins.fromJSON pluginModules);
        inputs = builtins.fromJSON inputs;
        inherit
          mode
          kernelVersion
          legacyInstallDirs
          system
          ;
      }
      // arguments
    );
in
{
  # Whether there is a tree to evaluate with: `nixos` may be a `<nixpkgs/nixos>` that cannot be found.
  hasNixpkgs = tree.exists;

  # The cheapest container, with the same tree and the same modules of plugins: where this fails, it is not for the definition.
  canary =
    (evaluate {
      definition = {
        containers.canary.path = "/canary";
      };
    }).etc.drvPath;

  located = import ./locate.nix {
    inherit (tree) nixos;
    definition = chosen.module;
    paths = builtins.fromJSON optionPaths;
    inherit system;
  };
}
// evaluate (
  {
    definition = chosen.module;
    only = builtins.fromJSON only;
    evaluated = if evaluated == null then { } else builtins.fromJSON (builtins.readFile evaluated);
  }
  // (if share == "null" then { } else { share = builtins.fromJSON share; })
)
