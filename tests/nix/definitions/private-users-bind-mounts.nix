{
  containers.demo = {
    privateUsers = "pick";
    bindMounts = {
      "/storage" = {
        hostPath = "/srv/vault";
        isReadOnly = false;
      };
      "/read-only".hostPath = "/srv/other";
    };
    config = { };
  };
}
