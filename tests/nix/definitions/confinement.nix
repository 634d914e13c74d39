{
  containers.demo.config =
    { pkgs, ... }:
    {
      systemd.services.app = {
        serviceConfig.ExecStart = "${pkgs.coreutils}/bin/sleep inf";
        confinement.enable = true;
      };
    };
}
