{
  containers.demo.config.warnings = [ "inner warning" ];
  warnings = [ "outer warning" ];
  assertions = [
    {
      assertion = true;
      message = "x";
    }
  ];
}
