#base host
#> attribute 'nonexist' missing
#> no `nonexist` is among them. Install it here, or give a nixpkgs with --nixpkgs-path.
#! --show-trace
#@ 10
{
  containers.web.config =
    { pkgs, ... }:
    {
      environment.systemPackages = [ pkgs.nonexist ];
    };
}
