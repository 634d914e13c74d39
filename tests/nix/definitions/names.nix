{
  containers = {
    a2345678901 = {
      privateNetwork = true;
      hostAddress = "10.1.0.1";
      localAddress = "10.1.0.2";
      config = { };
    };
    a23456789012345678901234567890123456789012345678901234567890123.config = { };
    With-Dash-9.config = { };
  };
}
