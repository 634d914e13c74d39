#> infinite recursion encountered
#> while evaluating the module argument 'pkgs'
#> in containers.web.config
#! modules.nix
{
  containers.web.config =
    { pkgs, ... }:
    {
      imports = [ (pkgs.path + "/nixos/modules/profiles/minimal.nix") ];
    };
}
