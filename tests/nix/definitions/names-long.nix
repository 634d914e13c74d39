{
  containers.a23456789012345678901234567890123456789012345678901234567890123 = {
    privateNetwork = true;
    hostAddress = "10.1.1.1";
    localAddress = "10.1.1.2";
    config = { };
  };
}
