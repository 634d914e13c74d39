{
  containers.demo.config = { };
  systemd.services."container@demo" = {
    wantedBy = [ "multi-user.target" ];
    requiredBy = [ "app.service" ];
  };
}
