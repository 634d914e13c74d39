# A module to be tested: a small web server, its text and its port.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  cfg = config.services.site;
in
{
  options.services.site = {
    enable = lib.mkEnableOption "the site";
    text = lib.mkOption {
      type = lib.types.str;
      default = "hello";
      description = "What the first page says.";
    };
    port = lib.mkOption {
      type = lib.types.int;
      default = 8080;
      description = "Where it listens.";
    };
  };

  config = lib.mkIf cfg.enable {
    assertions = [
      {
        assertion = cfg.text != "";
        message = "services.site.text must not be empty.";
      }
    ];

    systemd.services.site = {
      wantedBy = [ "multi-user.target" ];
      serviceConfig.DynamicUser = true;
      script = ''
        cd ${pkgs.writeTextDir "index.html" cfg.text}
        exec ${pkgs.python3}/bin/python3 -m http.server ${toString cfg.port}
      '';
    };

    networking.firewall.allowedTCPPorts = [ cfg.port ];
  };
}
