{
  containers.demo = {
    extra.addressPrefix = "10.250.0";
    extra.addressPrefix6 = "fd00:250:0:1";
    config = { };
  };
}
