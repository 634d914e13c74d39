#since 20.09
#> marked as insecure
#> mine is known
#> set nixpkgs.config.permittedInsecurePackages = [ "hello-2
#> in containers.web.config
#! You can install it anyway
#@ 16
let
  addVulnerability = old: {
    meta = old.meta // {
      knownVulnerabilities = [ "mine is known" ];
    };
  };
in
{
  containers.web.config = { pkgs, ... }: { environment.systemPackages = [ (pkgs.hello.overrideAttrs addVulnerability) ]; };
}
