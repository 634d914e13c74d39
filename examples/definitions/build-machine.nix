# A machine to build software in: compilers, internet, a directory of the host, and limits that leave the host usable.
{
  containers.build = {
    extra.addressPrefix = "10.250.24";
    extra.enableWAN = true;

    bindMounts."/build" = {
      hostPath = "/srv/build";
      isReadOnly = false;
    };

    config =
      { pkgs, ... }:
      {
        environment.systemPackages = [
          pkgs.gcc
          pkgs.git
          pkgs.gnumake
        ];

        # The number is the host's for whoever shall own what is built.
        users.users.builder = {
          isNormalUser = true;
          uid = 1000;
        };
      };
  };

  systemd.services."container@build".serviceConfig = {
    CPUQuota = "200%";
    MemoryMax = "4G";
    TasksMax = 2000;
  };
}
