{ pkgs, ... }:

{
  containers.demo = {
    nixpkgs = pkgs.path;
    config = { };
  };
}
