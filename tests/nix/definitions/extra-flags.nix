{
  containers.demo = {
    extraFlags = [
      "--drop-capability=CAP_CHOWN"
      "--bind /srv/a:/b"
      "-P"
      "--setenv=WHO=world"
    ];
    config = { };
  };
}
