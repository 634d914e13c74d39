# What `import` of the folder gives: the tree's package set, whose packages are links to the programs of the host.
{
  # A whole tree of nixpkgs.
  tree,
  # The folder that stands where nixpkgs stands.
  folder,
}:
args:
import (tree + "/pkgs/top-level/impure.nix") (
  args
  // {
    stdenvStages = import ./stages.nix { inherit tree; };
    # First, so that what a definition overlays is on top.
    overlays = [ (import ./overlay.nix { inherit folder tree; }) ] ++ args.overlays or [ ];
  }
)
