{
  containers.demo.config.systemd.enableStrictShellChecks = true;
  systemd.enableStrictShellChecks = true;
}
