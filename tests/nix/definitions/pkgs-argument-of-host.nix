{ lib, modulesPath, ... }:

{
  _module.args.pkgs = lib.mkOverride 55 (
    import (toString modulesPath + "/../..") {
      system = "x86_64-linux";
      config.allowUnfree = true;
    }
  );
  containers.demo.config =
    { pkgs, ... }:
    {
      environment.etc.unfree.text = toString (pkgs.config.allowUnfree or false);
    };
}
