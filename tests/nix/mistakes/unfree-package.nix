#since 16.09
#> has an unfree license
#> in containers.web.config
#> set nixpkgs.config.allowUnfree = true in containers.web.config
#! To temporarily
#@ 8
{
  containers.web.config = { pkgs, ... }: { environment.systemPackages = [ pkgs.unrar ]; };
}
