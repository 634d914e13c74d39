# The module under test: a web server that says one thing.
{
  config,
  lib,
  pkgs,
  ...
}:

{
  options.services.hello.text = lib.mkOption {
    type = lib.types.str;
    description = "What the server says.";
  };

  config = {
    networking.firewall.allowedTCPPorts = [ 80 ];

    systemd.services.hello = {
      wantedBy = [ "multi-user.target" ];
      script = ''
        cd ${pkgs.writeTextDir "index.html" "${config.services.hello.text}\n"}
        exec ${pkgs.python3}/bin/python3 -m http.server 80
      '';
    };
  };
}
