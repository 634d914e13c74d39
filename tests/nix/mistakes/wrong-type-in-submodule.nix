#> containers.web.bindMounts."/data".isReadOnly
#> {here}/wrong-type-in-submodule.nix
#@ 7
{
  containers.web = {
    bindMounts."/data" = {
      isReadOnly = 1;
    };
    config = { };
  };
}
