{
  containers.demo.config = { };
  systemd.services."container@demo".enable = false;
}
