{
  containers.demo.config =
    { pkgs, ... }:
    {
      nixpkgs.config.allowUnfree = true;
      environment.systemPackages = [ pkgs.unrar ];
    };
}
