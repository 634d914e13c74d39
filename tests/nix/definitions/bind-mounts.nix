{
  containers.demo = {
    bindMounts = {
      "/plain" = { };
      "/ro".hostPath = "/srv/data";
      "/rw" = {
        hostPath = "/home/a";
        isReadOnly = false;
      };
      other = {
        mountPoint = "/mnt/o";
        hostPath = "/mnt/x";
      };
      "/with-options" = {
        hostPath = "/srv/id\\:ed";
        mountPoint = "/with-options:idmap,rbind";
      };
      "/special" = {
        hostPath = "/srv/a%b$c~d#e";
      };
    };
    config = { };
  };
}
