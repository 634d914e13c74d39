# Platforms, as far as configurations ask for them.
{ lib }:
let
  cpus = {
    x86_64 = { bits = 64; family = "x86"; arch = "x86-64"; };
    i686 = { bits = 32; family = "x86"; arch = "i686"; };
    aarch64 = { bits = 64; family = "arm"; arch = "armv8-a"; };
    armv6l = { bits = 32; family = "arm"; arch = "armv6"; };
    armv7l = { bits = 32; family = "arm"; arch = "armv7-a"; };
    riscv64 = { bits = 64; family = "riscv"; arch = "rv64gc"; };
    powerpc64le = { bits = 64; family = "power"; arch = "power8"; };
    loongarch64 = { bits = 64; family = "loongarch"; arch = "loongarch64"; };
    s390x = { bits = 64; family = "s390"; arch = "z10"; };
  };
  linux = map (cpu: "${cpu}-linux") (builtins.attrNames cpus);
  darwin = [ "aarch64-darwin" "x86_64-darwin" ];
  ofFamily = family: builtins.filter (system: cpus.${lib.head (lib.splitString "-" system)}.family == family) linux;
in
{
  systems = rec {
    flakeExposed = [ "x86_64-linux" "aarch64-linux" "x86_64-darwin" "armv6l-linux" "armv7l-linux" "i686-linux" "aarch64-darwin" "powerpc64le-linux" "riscv64-linux" ];
    doubles = {
      inherit linux darwin;
      all = linux ++ darwin;
      unix = linux ++ darwin;
      x86_64 = [ "x86_64-linux" "x86_64-darwin" ];
      x86 = ofFamily "x86" ++ [ "x86_64-darwin" ];
      i686 = [ "i686-linux" ];
      arm = [ "armv6l-linux" "armv7l-linux" ];
      aarch = ofFamily "arm" ++ [ "aarch64-darwin" ];
      aarch64 = [ "aarch64-linux" "aarch64-darwin" ];
      riscv = ofFamily "riscv";
      riscv64 = [ "riscv64-linux" ];
      power = ofFamily "power";
      loongarch64 = [ "loongarch64-linux" ];
      s390x = [ "s390x-linux" ];
      windows = [ ];
      none = [ ];
    };
    equals = a: b: a.system == b.system;
    # A platform from its name, or from a set that has it as `system` or `config`.
    elaborate =
      given:
      let
        set = if builtins.isString given then { system = given; } else given;
        ofConfig = lib.splitString "-" set.config;
        system = set.system or "${lib.head ofConfig}-${if builtins.elem "linux" ofConfig then "linux" else lib.elemAt ofConfig 2}";
        words = lib.splitString "-" system;
        cpuName = lib.head words;
        kernel = lib.last words;
        cpu = cpus.${cpuName} or (throw "lib.systems.elaborate: unknown platform ${system}");
        isLinux = kernel == "linux";
        config = set.config or (if isLinux then "${cpuName}-unknown-linux-gnu" else "${cpuName}-apple-darwin");
        self = {
          inherit system config isLinux;
          isDarwin = kernel == "darwin";
          isUnix = true;
          isWindows = false;
          isx86 = cpu.family == "x86";
          isx86_64 = cpuName == "x86_64";
          isx86_32 = cpuName == "i686";
          isi686 = cpuName == "i686";
          isAarch = cpu.family == "arm";
          isAarch32 = cpu.family == "arm" && cpu.bits == 32;
          isAarch64 = cpuName == "aarch64";
          isAarch64Linux = system == "aarch64-linux";
          isRiscV = cpu.family == "riscv";
          isRiscV64 = cpuName == "riscv64";
          isPower = cpu.family == "power";
          isLoongArch64 = cpuName == "loongarch64";
          is32bit = cpu.bits == 32;
          is64bit = cpu.bits == 64;
          isLittleEndian = cpuName != "s390x";
          isBigEndian = cpuName == "s390x";
          isGnu = isLinux;
          isMusl = false;
          isStatic = false;
          libc = if isLinux then "glibc" else "libSystem";
          parsed = {
            cpu = { name = cpuName; inherit (cpu) bits family arch; };
            kernel.name = kernel;
            vendor.name = "unknown";
            abi.name = if isLinux then "gnu" else "unknown";
          };
          linuxArch = { x86_64 = "x86_64"; i686 = "i386"; aarch64 = "arm64"; riscv64 = "riscv"; }.${cpuName} or cpuName;
          uname = { system = if isLinux then "Linux" else "Darwin"; processor = cpuName; };
          canExecute = other: other.system == system || system == "x86_64-linux" && other.system == "i686-linux";
          extensions = {
            executable = "";
            sharedLibrary = if isLinux then ".so" else ".dylib";
            staticLibrary = ".a";
          };
        };
      in
      self // removeAttrs set [ "system" "config" ];
    parse.mkSystemFromString = system: (elaborate system).parsed;
    examples = {
      gnu64.config = "x86_64-unknown-linux-gnu";
      gnu32.config = "i686-unknown-linux-gnu";
      aarch64-multiplatform.config = "aarch64-unknown-linux-gnu";
    };
    systemToAttrs = system: if builtins.isString system then { inherit system; } else system;
  };
  platforms = lib.systems.doubles;
}
