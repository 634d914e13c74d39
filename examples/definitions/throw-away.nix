# A machine to break: internet, and tools to look around. For `extra-container shell`.
{
  containers.test = {
    extra.addressPrefix = "auto";
    extra.enableWAN = true;

    config =
      { pkgs, ... }:
      {
        environment.systemPackages = [
          pkgs.curl
          pkgs.iproute2
          pkgs.python3
        ];
      };
  };
}
