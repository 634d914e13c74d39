{
  containers.demo.config = { };
  systemd.services."container@demo".upheldBy = [ "b.target" ];
}
