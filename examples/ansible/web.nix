{
  containers.web = {
    extra.addressPrefix = "10.250.7";
    config =
      { pkgs, ... }:
      {
        systemd.services.hello = {
          wantedBy = [ "multi-user.target" ];
          script = ''
            cd ${pkgs.writeTextDir "index.html" "hello\n"}
            exec ${pkgs.python3}/bin/python3 -m http.server 50
          '';
        };
        networking.firewall.allowedTCPPorts = [ 50 ];
      };
  };
}
