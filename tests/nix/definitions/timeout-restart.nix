{
  containers.demo = {
    timeoutStartSec = "5min 20s";
    restartIfChanged = false;
    autoStart = true;
    config = { };
  };
}
