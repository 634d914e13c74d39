# A service behind a proxy on the host: it talks to the host and to nobody else.
{
  containers.app = {
    autoStart = true;

    extra.addressPrefix = "10.250.26";
    extra.firewallAllowHost = true;

    config =
      { pkgs, ... }:
      {
        systemd.services.app = {
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {
            DynamicUser = true;
            WorkingDirectory = pkgs.writeTextDir "index.html" "the app\n";
            ExecStart = "${pkgs.python3}/bin/python3 -m http.server 8000";
          };
        };
      };
  };
}
