{
  containers.demo = {
    bindMounts."/run/keys" = {
      hostPath = "/run/keys";
      isReadOnly = true;
    };
    config = {
      environment.etc."secret" = {
        source = ./parts/secret.txt;
        mode = "0400";
        user = "nginx";
      };
      services.nginx.enable = true;
      systemd.services.nginx.serviceConfig.LoadCredential = "k:/run/keys/k";
    };
  };
}
