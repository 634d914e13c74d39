{
  containers.demo.config = { };
  assertions = [
    {
      assertion = false;
      message = "the definition's own assertion";
    }
  ];
}
