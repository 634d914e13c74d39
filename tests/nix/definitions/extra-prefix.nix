{
  containers.demo = {
    extra.addressPrefix = "10.250.0";
    config = { };
  };
}
