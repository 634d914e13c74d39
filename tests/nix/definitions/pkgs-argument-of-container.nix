{
  containers.demo.config =
    {
      lib,
      modulesPath,
      pkgs,
      ...
    }:
    {
      _module.args.pkgs = lib.mkOverride 55 (
        import (toString modulesPath + "/../..") {
          system = "x86_64-linux";
          overlays = [ (final: previous: { mine = "mine"; }) ];
        }
      );
      environment.etc.mine.text = pkgs.mine;
    };
}
