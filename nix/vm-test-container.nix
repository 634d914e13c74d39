# The definition of the VM test, with the text of a file in its container.
content: {
  containers.test = {
    autoStart = true;
    privateNetwork = true;
    hostAddress = "10.250.0.1";
    localAddress = "10.250.0.2";
    config.environment.etc.test-file.text = content;
  };
}
