{ config, ... }:

{
  containers.demo.config =
    { hostRelease, ... }:
    {
      _module.args.hostRelease = config.system.stateVersion;
      environment.etc.release.text = hostRelease;
    };
}
