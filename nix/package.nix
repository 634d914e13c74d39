# The program with its bundled plugins. `withPlugins (python: [ … ])` adds others.
{
  lib,
  python3Packages,
  python311Packages ? python3Packages,
  installShellFiles,
  e2fsprogs,
  iproute2,
  openssh,
  strace,
  util-linux,
}:

let
  inherit (builtins.fromTOML (builtins.readFile ../pyproject.toml)) project;

  # What the build reads; everything else may change without a new build.
  isSource =
    path: _:
    let
      relative = lib.removePrefix "${toString ../.}/" (toString path);
    in
    builtins.elem (builtins.head (lib.splitString "/" relative)) [
      "CHANGELOG.md"
      "LICENSE"
      "README.md"
      "docs"
      "extra_container"
      "plugins"
      "pyproject.toml"
    ]
    && baseNameOf path != "__pycache__";

  pythonPackages = if import ./has-cliff.nix python3Packages then python3Packages else python311Packages;

  build =
    plugins:
    pythonPackages.buildPythonApplication {
      pname = project.name;
      inherit (project) version;
      pyproject = true;

      src = lib.cleanSourceWith {
        src = ../.;
        filter = isSource;
      };

      nativeBuildInputs = [
        installShellFiles
        pythonPackages.hatchling
      ];

      propagatedBuildInputs = [
        pythonPackages.cliff
        pythonPackages.pluggy
        pythonPackages.stevedore
        pythonPackages.structlog
      ]
      # Without it, which a nixpkgs before 20.09 has not, nothing is drawn while people wait.
      ++ lib.optional (pythonPackages ? rich) pythonPackages.rich
      ++ plugins pythonPackages;

      # After the host's own: Nix and systemd must be those of the host.
      makeWrapperArgs = [
        "--suffix"
        "PATH"
        ":"
        (lib.makeBinPath [
          e2fsprogs
          iproute2
          openssh
          strace
          util-linux
        ])
      ];

      # The program writes its own completion, so it runs once it is wrapped.
      postFixup = ''
        installManPage docs/extra-container.1 docs/man/*.1
        installShellCompletion --cmd extra-container \
          --bash <($out/bin/extra-container completion bash) \
          --zsh <($out/bin/extra-container completion zsh) \
          --fish <($out/bin/extra-container completion fish)
      '';

      # The tests need Nix and systemd; they run in the VM test and in the sources.
      doCheck = false;
      pythonImportsCheck = [ "extra_container" ];

      passthru.withPlugins = more: build (python: plugins python ++ more python);

      meta = {
        inherit (project) description;
        license = lib.licenses.mit;
        platforms = lib.platforms.linux;
        mainProgram = "extra-container";
      };
    };
in
build (_: [ ])
