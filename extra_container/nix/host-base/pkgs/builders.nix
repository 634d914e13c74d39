# Derivations from texts, scripts and links. The builder is the machine's own shell, so nothing has to be fetched;
# this needs `sandbox = false` (a sandbox would hide the host's shell and its tools).
{ lib, system }:
let
  inherit (lib) escapeShellArg;
  hostPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  drv =
    attrs: passthru:
    let
      base = derivation (
        {
          inherit system;
          builder = "/bin/sh";
          PATH = hostPath;
          preferLocalBuild = true;
          allowSubstitutes = false;
        }
        // attrs
      );
    in
    base
    // {
      meta = { };
      inherit passthru;
      overrideAttrs = change: drv (attrs // lib.toFunction change attrs) passthru;
    }
    // passthru;

  # A long script reaches the builder as a file: one environment string may not exceed 128 KiB on Linux.
  byScript =
    name: env: script: passthru:
    drv (
      env
      // {
        inherit name script;
        args = [
          "-e"
          "-c"
          ''. "$scriptPath"''
        ];
        passAsFile = [ "script" ] ++ env.passAsFile or [ ];
      }
    ) passthru;

  # A directory of files. Each is { text, executable ? false } or { link }.
  writeTree =
    name: files: passthru:
    let
      dirs = lib.unique (map (path: dirOf path) (builtins.attrNames files));
      write =
        path: file:
        let
          target = ''"$out"/${escapeShellArg path}'';
        in
        if file ? link then
          "ln -s ${escapeShellArg file.link} ${target}"
        else
          "printf %s ${quote file.text} > ${target}"
          + lib.optionalString (file.executable or false) "\nchmod 755 ${target}";
      quote = text: "'${builtins.replaceStrings [ "'" ] [ "'\\''" ] text}'";
    in
    byScript name { } (
      lib.concatLines (
        [ ''mkdir -p "$out"'' ]
        ++ map (dir: ''mkdir -p "$out"/${escapeShellArg dir}'') (lib.remove "." dirs)
        ++ lib.mapAttrsToList write files
      )
    ) passthru;
in
rec {
  inherit writeTree hostPath;
  runtimeShell = if builtins.pathExists "/usr/bin/bash" then "/usr/bin/bash" else "/bin/sh";

  writeTextFile =
    {
      name,
      text,
      executable ? false,
      destination ? "",
      meta ? { },
      ...
    }:
    if destination == "" && !executable then
      writeText name text
    else if destination == "" then
      drv {
        inherit name text;
        args = [
          "-e"
          "-c"
          ''cp "$textPath" "$out"; chmod 755 "$out"''
        ];
        passAsFile = [ "text" ];
      } { inherit meta; }
    else
      writeTree name { ${lib.removePrefix "/" destination} = { inherit text executable; }; } { inherit meta; };
  # `inlineText` lets a directory of many small texts hold this one itself instead of a link to its own store path.
  writeText =
    name: text:
    drv {
      name = lib.sanitizeDerivationName (toString name);
      inherit text;
      args = [
        "-e"
        "-c"
        ''cp "$textPath" "$out"''
      ];
      passAsFile = [ "text" ];
    } { inlineText = text; };
  writeTextDir = path: text: writeTree (lib.sanitizeDerivationName (baseNameOf path)) { ${path} = { inherit text; }; } { };
  writeScript =
    name: text:
    writeTextFile {
      inherit name text;
      executable = true;
    };
  writeScriptBin =
    name: text:
    writeTree name {
      "bin/${name}" = {
        inherit text;
        executable = true;
      };
    } { meta.mainProgram = name; };
  writeShellScript = name: text: writeScript name "#!${runtimeShell}\n${text}\n";
  writeShellScriptBin = name: text: writeScriptBin name "#!${runtimeShell}\n${text}\n";
  writeShellApplication =
    {
      name,
      text,
      runtimeInputs ? [ ],
      runtimeEnv ? { },
      ...
    }:
    writeScriptBin name ''
      #!${runtimeShell}
      set -o errexit
      set -o nounset
      ${lib.concatLines (lib.mapAttrsToList (var: value: "export ${lib.toShellVar var value}") runtimeEnv)}
      ${lib.optionalString (runtimeInputs != [ ]) ''export PATH="${lib.makeBinPath runtimeInputs}:$PATH"''}
      ${text}
    '';
  runCommand = name: env: script: byScript name (removeAttrs env [ "meta" "passthru" "nativeBuildInputs" "buildInputs" ]) ''
    ${lib.optionalString (env ? nativeBuildInputs) ''PATH="${lib.makeBinPath env.nativeBuildInputs}:$PATH"''}
    ${script}
  '' ({ meta = env.meta or { }; } // env.passthru or { });
  runCommandLocal = runCommand;
  runCommandNoCC = runCommand;
  symlinkJoin =
    {
      name,
      paths,
      postBuild ? "",
      ...
    }:
    joined name paths postBuild;
  buildEnv =
    {
      name,
      paths,
      postBuild ? "",
      ...
    }:
    joined name paths postBuild;
  # The first path that has a file wins.
  joined =
    name: paths: postBuild:
    byScript name { } ''
      mkdir -p "$out"
      for path in ${lib.concatMapStringsSep " " (path: escapeShellArg "${path}") (lib.flatten paths)}; do
        (cd "$path" && find -L . -type d) | while IFS= read -r dir; do mkdir -p "$out/$dir"; done
        (cd "$path" && find -L . ! -type d) | while IFS= read -r file; do
          [ -e "$out/$file" ] || [ -L "$out/$file" ] || ln -s "$path/''${file#./}" "$out/$file"
        done
      done
      ${postBuild}
    '' { };
  linkFarm =
    name: entries:
    writeTree name (
      if builtins.isList entries then
        builtins.listToAttrs (map (entry: lib.nameValuePair entry.name { link = "${entry.path}"; }) entries)
      else
        builtins.mapAttrs (_: path: { link = "${path}"; }) entries
    ) { };
  linkFarmFromDrvs = name: drvs: linkFarm name (map (drv: { inherit (drv) name; path = drv; }) drvs);
  emptyDirectory = writeTree "empty-directory" { } { };
  emptyFile = writeText "empty-file" "";
}
