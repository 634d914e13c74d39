"""Functions of nixpkgs' `lib` in the built-in host base, with the results that they have in nixpkgs.

The results are compared with those of the trees in ``EXTRA_CONTAINER_TEST_TREES``, from 24.11 on.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.nix.evaluator import HOST_BASE, TREES, Nix

CASES: dict[str, tuple[str, Any]] = {
    "ext": ("(lib.extend (self: super: { my = self.other + 1; other = 2; })).my", 3),
    "ext2": ("((lib.extend (self: super: { id = x: 42; })).pipe 1 [ (x: x + 1) ])", 2),
    "extmod": (
        ("(lib.extend (self: super: { types = super.types // { mine = super.types.int; }; })).types.mine.description"),
        "signed integer",
    ),
    "extend2": ("((lib.extend (_: _: { a = 1; })).extend (_: p: { b = p.a + 1; })).b", 2),
    "mkext": ("((makeExtensible (s: { a = 1; b = s.a; })).extend (f: p: { a = p.a + 1; })).b", 2),
    "custom": (('((makeExtensibleWithCustomName "grow" (s: { a = 1; })).grow (f: p: { a = p.a + 1; })).a'), 2),
    "toExt": ("(fix (extends (toExtension { b = 2; }) (_: { a = 1; }))).b", 2),
    "toExt2": ("(fix (extends (toExtension (prev: { b = prev.a; })) (_: { a = 1; }))).b", 1),
    "cli": (
        (
            'lib.cli.toGNUCommandLine { } { data = "x"; X = "PUT"; retry = 3; verbose = true; quie'
            't = false; n = null; url = [ "a" "b" ]; }'
        ),
        ["-X", "PUT", "--data", "x", "--retry", "3", "--url", "a", "--url", "b", "--verbose"],
    ),
    "cli2": (
        (
            'lib.cli.toGNUCommandLineShell { optionValueSeparator = "="; } { data = "x y"; X = "PU'
            'T"; url = [ "a" "b" ]; }'
        ),
        "'-X=PUT' '--data=x y' '--url=a' '--url=b'",
    ),
    "flags": (
        (
            '[ (enableFeatureAs true "a" "b") (enableFeatureAs false "a" "b") (withFeatureAs true '
            '"a" "b") (cmakeBool "A" true) (cmakeFeature "A" "b") (mesonBool "a" false) (mesonEnab'
            'le "x" true) (mesonOption "a" "b") (cmakeOptionType "string" "E" "x") ]'
        ),
        [
            "--enable-a=b",
            "--disable-a",
            "--with-a=b",
            "-DA:BOOL=TRUE",
            "-DA:STRING=b",
            "-Da=false",
            "-Dx=enabled",
            "-Da=b",
            "-DE:STRING=x",
        ],
    ),
    "strs": (
        (
            '[ (strings.charToInt "A") (strings.commonPrefixLength "abcd" "abxy") (strings.commonS'
            'uffixLength "xyab" "ab") (strings.normalizePath "/a//b///c/") (strings.floatToString '
            "0.000001) (strings.floatToString 0.5) ]"
        ),
        [65, 2, 2, "/a/b/c/", "0.000001", "0.500000"],
    ),
    "hex": ('[ (fromHexString "FF") (fromHexString "0x200") ]', [255, 512]),
    "lists": (
        (
            "[ (lists.commonPrefix [ 1 2 3 ] [ 1 2 4 ]) (lists.commonPrefix [] [1]) (lists.removeP"
            "refix [ 1 ] [ 1 2 ]) (lists.hasPrefix [ 1 ] [ 1 2 ]) (lists.commonPrefix [ 1 2 ] [ 1 "
            "2 4 ]) ]"
        ),
        [[1, 2], [], [2], True, [1, 2]],
    ),
    "longest": ('attrsets.longestValidPathPrefix [ "a" "b" "c" ] { a.b = 1; }', ["a", "b"]),
    "vers": (
        (
            '[ (versions.pad 3 "1") (versions.pad 4 "1.2.3.4.5") (versions.patch "1.2.3") (version'
            's.pad 3 "1.2.3-rc1") (versions.major "3.4") ]'
        ),
        ["1.0.0", "1.2.3.4", "3", "1.2.3-rc1", "3"],
    ),
    "gitini": (
        (
            'generators.toGitINI { user = { name = "A B"; email = "a@b"; x = "s # t"; }; url."ssh:'
            '//git@x".insteadOf = [ "a" "b" ]; remote.o.n.x = 1; core.bare = false; }'
        ),
        (
            '[core]\n\tbare = false\n\n[remote "o.n"]\n\tx = 1\n\n[url "ssh://git@x"]\n\tinsteadOf = "a"\n\tin'
            'steadOf = "b"\n\n[user]\n\temail = "a@b"\n\tname = "A B"\n\tx = "s # t"\n'
        ),
    ),
    "iniglobal": (
        ("generators.toINIWithGlobalSection { } { globalSection = { a = 1; b = true; }; sections.s.x = 1; }"),
        "a=1\nb=true\n\n[s]\nx=1\n",
    ),
    "iniglobal2": ("generators.toINIWithGlobalSection { } { globalSection = { }; sections.s.x = 1; }", "[s]\nx=1\n"),
    "lua": (
        (
            'generators.toLua { } { cmd = [ "a" 1 null ]; set.path = true; inl = generators.mkLuaI'
            'nline "f()"; e = { }; l = [ ]; }'
        ),
        (
            '{\n  ["cmd"] = {\n    "a",\n    1,\n    nil\n  },\n  ["e"] = {},\n  ["inl"] = (f()),\n  ["l"]'
            ' = {},\n  ["set"] = {\n    ["path"] = true\n  }\n}'
        ),
    ),
    "lua2": (
        'generators.toLua { multiline = false; } { a = [ 1 2 ]; b.c = "x"; }',
        '{ ["a"] = { 1, 2 }, ["b"] = { ["c"] = "x" } }',
    ),
    "lua3": (
        'generators.toLua { asBindings = true; } { a = [ 1 2 ]; b.c = "x"; }',
        'a = {\n  1,\n  2\n}\nb = {\n  ["c"] = "x"\n}\n',
    ),
    "plist": (
        'generators.toPlist { } { a = 1; b = [ true "x<" ]; c.d = 1.5; n = null; }',
        (
            '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple Computer//DTD'
            ' PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0'
            '">\n<dict>\n\t<key>a</key>\n\t<integer>1</integer>\n\t<key>b</key>\n\t<array>\n\t\t<true/>\n\t\t<str'
            "ing>x<</string>\n\t</array>\n\t<key>c</key>\n\t<dict>\n\t\t<key>d</key>\n\t\t<real>1.500000</real"
            ">\n\t</dict>\n</dict>\n</plist>"
        ),
    ),
    "dhall": ('generators.toDhall { } { a = 1; b = [ true ]; c = "x"; }', '{ a = +1, b = [ True ], c = "x" }'),
    "path": (
        (
            'map (x: if builtins.isPath x then toString x else x) [ (lib.path.append /a "b/c") (li'
            "b.path.hasPrefix /a /a/b) (lib.path.hasPrefix /a/b /a) (lib.path.removePrefix /a /a/b"
            '/c) (lib.path.splitRoot /a/b).subpath (lib.path.subpath.isValid "../a") (lib.path.sub'
            'path.isValid "a//b") (lib.path.subpath.normalise "a//b/./c") (lib.path.subpath.join ['
            ' "a" "b/c" ]) (lib.path.subpath.components "a/b") (lib.path.subpath.join [ ]) ]'
        ),
        ["/a/b/c", True, False, "./b/c", "./a/b", False, True, "./a/b/c", "./a/b/c", ["a", "b"], "./."],
    ),
    "sys": (
        (
            "map (s: let e = systems.elaborate s; in [ e.system e.config e.isLinux e.isx86_64 e.is"
            'Aarch64 e.is64bit e.parsed.cpu.name e.parsed.kernel.name e.linuxArch ]) [ "x86_64-lin'
            'ux" "aarch64-linux" "i686-linux" { system = "x86_64-linux"; } { config = "aarch64-unk'
            'nown-linux-gnu"; } ]'
        ),
        [
            ["x86_64-linux", "x86_64-unknown-linux-gnu", True, True, False, True, "x86_64", "linux", "x86_64"],
            ["aarch64-linux", "aarch64-unknown-linux-gnu", True, False, True, True, "aarch64", "linux", "arm64"],
            ["i686-linux", "i686-unknown-linux-gnu", True, False, False, False, "i686", "linux", "i386"],
            ["x86_64-linux", "x86_64-unknown-linux-gnu", True, True, False, True, "x86_64", "linux", "x86_64"],
            ["aarch64-linux", "aarch64-unknown-linux-gnu", True, False, True, True, "aarch64", "linux", "arm64"],
        ],
    ),
    "eq": (
        ('systems.equals (systems.elaborate "x86_64-linux") (systems.elaborate { system = "x86_64-linux"; })'),
        True,
    ),
    "linux": (
        ('builtins.elem "x86_64-linux" platforms.linux && builtins.elem "aarch64-linux" systems.flakeExposed'),
        True,
    ),
    "lic": (
        (
            "[ licenses.mit.spdxId licenses.gpl3Plus.spdxId licenses.unfree.free licenses.mit.shor"
            'tName (getLicenseFromSpdxId "MIT").fullName ]'
        ),
        ["MIT", "GPL-3.0-or-later", False, "mit", "MIT License"],
    ),
    "dbg": (
        (
            "[ (debug.runTests { testA = { expr = 1; expected = 1; }; testB = { expr = 1; expected"
            ' = 2; }; }) (traceIf false "x" 1) (traceSeqN 1 {a.b=1;} 2) ]'
        ),
        [[{"expected": 2, "name": "testB", "result": 1}], 1, 2],
    ),
    "scope": (
        (
            "let s = makeScope callPackageWith (self: { a = 1; b = self.callPackage ({ a }: { v = "
            "a; }) { }; }); in [ s.b.v (s.overrideScope (f: p: { a = 5; })).b.v ]"
        ),
        [1, 5],
    ),
    "cpsw": (("(callPackagesWith { a = 1; } ({ a, b ? 2 }: { x = { v = a; }; y = { v = b; }; }) { }).y.v"), 2),
    "merged": (
        (
            '(evalModules { modules = [ (mkMergedOptionModule [ [ "a" ] [ "b" ] ] [ "c" ] (c: c.a '
            "+ c.b)) { options.c = mkOption { type = types.int; }; options.warnings = mkOption { }"
            "; } { a = 1; b = 2; } ]; }).config.c"
        ),
        3,
    ),
    "avail": (('meta.availableOn (systems.elaborate "x86_64-linux") { meta.platforms = [ "x86_64-linux" ]; }'), True),
    "fake": (
        "[ fakeHash fakeSha256 ]",
        [
            "sha256-AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            "0000000000000000000000000000000000000000000000000000000000000000",
        ],
    ),
    "enumerate": (
        (
            '[ (pipe 2 [ (x: x + 1) toString ]) (toShellVars { a = "b c"; l = [ 1 2 ]; s = { x = "'
            'y"; }; }) (versionAtLeast "1.2" "1.1") ]'
        ),
        ["3", "a='b c'\ndeclare -a l=(1 2)\ndeclare -A s=([x]=y)", True],
    ),
}
MODERN = [name for name in TREES if name >= "24"] or [
    pytest.param("", marks=pytest.mark.skip(reason="EXTRA_CONTAINER_TEST_TREES names no tree from 24.11 on"))
]


def _value(nix: Nix, expression: str, base: Path = HOST_BASE) -> Any:
    text = f"let lib = import {base}/lib; in with lib; {expression}"
    argv = ["nix-instantiate", "--eval", "--strict", "--json", "--read-write-mode", "-E", text]
    return json.loads(nix.run(*argv).stdout)


@pytest.mark.parametrize("name", CASES)
def test_functions(nix: Nix, name: str) -> None:
    expression, expected = CASES[name]
    assert _value(nix, expression) == expected


@pytest.mark.parametrize("tree", MODERN)
def test_functions_as_in_nixpkgs(nix: Nix, tree: str) -> None:
    everything = " ".join(f"{name} = {expression};" for name, (expression, _) in CASES.items())
    assert _value(nix, f"{{ {everything} }}", TREES[tree]) == {name: value for name, (_, value) in CASES.items()}


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Return a directory with a, z.nix, d/x.nix and d/y."""
    (tmp_path / "d").mkdir()
    for name in ("a", "z.nix", "d/x.nix", "d/y"):
        (tmp_path / name).touch()
    return tmp_path


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("union (AT + /a) (AT + /d)", ["a", "d/x.nix", "d/y"]),
        ("difference AT (AT + /d)", ["a", "z.nix"]),
        ("intersection (AT + /d) (unions [ (AT + /d/x.nix) (AT + /a) ])", ["d/x.nix"]),
        ('fileFilter (file: file.hasExt "nix") AT', ["d/x.nix", "z.nix"]),
        ("maybeMissing (AT + /none)", []),
    ],
)
def test_file_sets(nix: Nix, files: Path, expression: str, expected: list[str]) -> None:
    file_set = f"(with fileset; {expression.replace('AT', str(files))})"
    assert _value(nix, f"map toString (fileset.toList {file_set})") == [f"{files}/{name}" for name in expected]
    source = f'"${{fileset.toSource {{ root = {files}; fileset = {file_set}; }}}}"'
    found = _value(
        nix, f"map toString (filesystem.listFilesRecursive (/. + builtins.unsafeDiscardStringContext {source}))"
    )
    assert sorted(name.split("-source/")[1] for name in found) == expected


def test_a_file_set_outside_of_its_root(nix: Nix, files: Path) -> None:
    text = f"with import {HOST_BASE}/lib; (fileset.toSource {{ root = {files}/d; fileset = {files}/a; }}).outPath"
    assert "is not under the `root`" in nix.run("nix-instantiate", "--eval", "-E", text, check=False).stderr


def test_the_file_system(nix: Nix, files: Path) -> None:
    kinds = _value(nix, f"[ (pathIsDirectory {files}) (pathType {files}/a) (pathIsRegularFile {files}/d) ]")
    assert kinds == [True, "regular", False]
    assert _value(nix, f"map baseNameOf (filesystem.listFilesRecursive {files})") == ["a", "x.nix", "y", "z.nix"]
    by_name = f'attrNames (builtins.readDir "${{sources.sourceByRegex {files} [ "a" "d" ]}}")'
    assert _value(nix, by_name) == ["a", "d"]


EVALUATED = f"(import {HOST_BASE}/nixos/lib/eval-config.nix {{ modules = [ (%s) ]; }}).config"


def test_profiles_that_are_there_and_those_that_are_not(nix: Nix) -> None:
    definition = """{ containers.demo.config = { modulesPath, ... }: {
      imports = [ "${modulesPath}/profiles/minimal.nix" (modulesPath + "/profiles/NAME.nix") ]; }; }"""
    etc = f"{EVALUATED % definition}.system.build.etc.drvPath"
    assert nix.run("nix-instantiate", "--eval", "-E", etc.replace("NAME", "headless")).stdout.startswith('"/')
    error = nix.run("nix-instantiate", "--eval", "-E", etc.replace("NAME", "hardened"), check=False).stderr
    assert "The module nixos/modules/profiles/hardened.nix, imported in " in error
    assert "If it is one of NixOS, give a nixpkgs with --nixpkgs-path." in error


def test_a_library_of_the_user_reaches_the_container(nix: Nix) -> None:
    definition = """{ lib, ... }: { containers.demo = { specialArgs.lib = lib.extend (_: _: { answer = 42; });
      config = { lib, ... }: { environment.etc.x.text = toString lib.answer; }; }; }"""
    assert _value(nix, f"({EVALUATED % definition}).containers.demo.config.environment.etc.x.text") == "42"
