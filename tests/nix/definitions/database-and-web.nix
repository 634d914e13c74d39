{
  containers.db.config =
    { pkgs, ... }:
    {
      services.postgresql = {
        enable = true;
        package = pkgs.postgresql;
        ensureDatabases = [ "x" ];
      };
    };
  containers.web.config = {
    services.nginx = {
      enable = true;
      virtualHosts.localhost.root = "/var/www";
    };
    networking.useNetworkd = true;
    networking.useHostResolvConf = false;
  };
}
