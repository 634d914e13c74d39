# Where a tree has its container module; `nixos` is the tree's folder of that name.
nixos:

let
  directory = nixos + "/modules/virtualisation";

  # Its name since 20.09, and the one before.
  current = directory + "/nixos-containers.nix";
in
if builtins.pathExists current then current else directory + "/containers.nix"
