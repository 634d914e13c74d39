# The directory that this file is in, as /project in a machine of its own. What is written there stays.
{
  containers.project = {
    bindMounts."/project" = {
      # As text: a path would be copied to the Nix store.
      hostPath = toString ./.;
      isReadOnly = false;
    };

    config =
      { pkgs, ... }:
      {
        environment.systemPackages = [ pkgs.python3 ];
      };
  };
}
