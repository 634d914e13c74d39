{
  containers.demo.config =
    { pkgs, ... }:
    {
      users.users.alice = {
        isNormalUser = true;
        initialPassword = "x";
        extraGroups = [ "wheel" ];
      };
      users.mutableUsers = false;
      systemd.services.app = {
        wantedBy = [ "multi-user.target" ];
        serviceConfig = {
          DynamicUser = true;
          ProtectSystem = "strict";
          PrivateTmp = true;
          NoNewPrivileges = true;
          ExecStart = "${pkgs.coreutils}/bin/sleep inf";
          CapabilityBoundingSet = "";
        };
      };
      security.sudo.wheelNeedsPassword = false;
      services.openssh.enable = true;
      system.stateVersion = "16.09";
    };
  systemd.services."container@demo".serviceConfig = {
    MemoryMax = "1G";
    ProtectKernelLogs = true;
  };
}
