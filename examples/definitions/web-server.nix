# A web server for other machines: nginx, at port 80 of the host. The files are on the host, in /srv/www, so that
# they can be changed without a word to the container.
{
  containers.web = {
    autoStart = true;

    extra.addressPrefix = "10.250.20";
    forwardPorts = [
      {
        hostPort = 80;
        containerPort = 80;
      }
    ];

    bindMounts."/srv/www".hostPath = "/srv/www";

    config = {
      networking.firewall.allowedTCPPorts = [ 80 ];

      services.nginx = {
        enable = true;
        virtualHosts."example.org" = {
          default = true;
          root = "/srv/www";
        };
      };
    };
  };
}
