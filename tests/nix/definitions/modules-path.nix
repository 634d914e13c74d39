{ modulesPath, lib, ... }:

{
  containers.demo.config = {
    imports = [ "${toString modulesPath}/profiles/minimal.nix" ];
    services.nginx.enable = lib.mkDefault true;
  };
}
