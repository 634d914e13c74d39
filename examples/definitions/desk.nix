# A service of a user who has no screen here: it listens on localhost only, and its owner comes by SSH.
# Your public key goes beside this file, as me.pub.
{
  containers.desk = {
    autoStart = true;

    extra.addressPrefix = "10.250.25";

    config =
      { pkgs, ... }:
      {
        services.openssh = {
          enable = true;
          settings.PasswordAuthentication = false;
        };

        users.users.me = {
          isNormalUser = true;
          openssh.authorizedKeys.keyFiles = [ ./me.pub ];
        };

        systemd.services.files = {
          description = "The home directory, as web pages";
          wantedBy = [ "multi-user.target" ];
          serviceConfig = {
            User = "me";
            WorkingDirectory = "/home/me";
            ExecStart = "${pkgs.python3}/bin/python3 -m http.server --bind 127.0.0.1 8000";
          };
        };
      };
  };
}
