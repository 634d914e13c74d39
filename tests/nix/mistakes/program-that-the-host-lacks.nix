#base host
#> undefined variable 'nonexist'
#> no `nonexist` is among them. Install it here, or give a nixpkgs with --nixpkgs-path.
#@ 9
{
  containers.web.config =
    { pkgs, ... }:
    {
      environment.systemPackages = with pkgs; [ nonexist ];
    };
}
