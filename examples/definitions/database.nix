# PostgreSQL for programs on the host. The data is on the host, in /srv/database: it outlives the container.
{
  containers.database = {
    autoStart = true;

    extra.addressPrefix = "10.250.21";
    extra.firewallAllowHost = true;

    bindMounts."/var/lib/postgresql" = {
      hostPath = "/srv/database";
      isReadOnly = false;
    };

    config =
      { pkgs, ... }:
      {
        services.postgresql = {
          enable = true;
          # Named, because another version does not read the data of this one.
          package = pkgs.postgresql_16;
          enableTCPIP = true;
          ensureDatabases = [ "app" ];
          ensureUsers = [
            {
              name = "app";
              ensureDBOwnership = true;
            }
          ];
          # Only the host, which is the other end of the container's network.
          authentication = "host app app 10.250.21.1/32 trust";
        };
      };
  };
}
