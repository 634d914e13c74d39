# Licenses that definitions name in `meta.license`.
{ lib }:
let
  free = spdxId: fullName: {
    inherit spdxId fullName;
    deprecated = false;
    free = true;
    redistributable = true;
    url = "https://spdx.org/licenses/${spdxId}.html";
  };
  other = fullName: isFree: redistributable: {
    inherit fullName redistributable;
    deprecated = false;
    free = isFree;
  };
  named = lib.mapAttrs (shortName: license: license // { inherit shortName; });
in
{
  licenses = named {
    agpl3Only = free "AGPL-3.0-only" "GNU Affero General Public License v3.0 only";
    agpl3Plus = free "AGPL-3.0-or-later" "GNU Affero General Public License v3.0 or later";
    asl20 = free "Apache-2.0" "Apache License 2.0";
    artistic2 = free "Artistic-2.0" "Artistic License 2.0";
    boost = free "BSL-1.0" "Boost Software License 1.0";
    bsd0 = free "0BSD" "BSD Zero Clause License";
    bsd2 = free "BSD-2-Clause" "BSD 2-clause \"Simplified\" License";
    bsd3 = free "BSD-3-Clause" "BSD 3-clause \"New\" or \"Revised\" License";
    cc0 = free "CC0-1.0" "Creative Commons Zero v1.0 Universal";
    cc-by-40 = free "CC-BY-4.0" "Creative Commons Attribution 4.0 International";
    cc-by-sa-40 = free "CC-BY-SA-4.0" "Creative Commons Attribution Share Alike 4.0 International";
    epl20 = free "EPL-2.0" "Eclipse Public License 2.0";
    eupl12 = free "EUPL-1.2" "European Union Public License 1.2";
    free = other "Unspecified free software license" true true;
    gpl2 = free "GPL-2.0" "GNU General Public License v2.0";
    gpl2Only = free "GPL-2.0-only" "GNU General Public License v2.0 only";
    gpl2Plus = free "GPL-2.0-or-later" "GNU General Public License v2.0 or later";
    gpl3 = free "GPL-3.0" "GNU General Public License v3.0";
    gpl3Only = free "GPL-3.0-only" "GNU General Public License v3.0 only";
    gpl3Plus = free "GPL-3.0-or-later" "GNU General Public License v3.0 or later";
    isc = free "ISC" "ISC License";
    lgpl21Only = free "LGPL-2.1-only" "GNU Lesser General Public License v2.1 only";
    lgpl21Plus = free "LGPL-2.1-or-later" "GNU Lesser General Public License v2.1 or later";
    lgpl3Only = free "LGPL-3.0-only" "GNU Lesser General Public License v3.0 only";
    lgpl3Plus = free "LGPL-3.0-or-later" "GNU Lesser General Public License v3.0 or later";
    mit = free "MIT" "MIT License";
    mit0 = free "MIT-0" "MIT No Attribution";
    mpl20 = free "MPL-2.0" "Mozilla Public License 2.0";
    ofl = free "OFL-1.1" "SIL Open Font License 1.1";
    publicDomain = other "Public Domain" true true;
    unfree = other "Unfree" false false;
    unfreeRedistributable = other "Unfree redistributable" false true;
    unlicense = free "Unlicense" "The Unlicense";
    wtfpl = free "WTFPL" "Do What The F*ck You Want To Public License";
    zlib = free "Zlib" "zlib License";
  };
  getLicenseFromSpdxIdOr =
    id: fallback:
    let
      found = builtins.filter (license: lib.toLower (license.spdxId or "") == lib.toLower id) (builtins.attrValues lib.licenses);
    in
    if found == [ ] then fallback else builtins.head found;
  getLicenseFromSpdxId = id: lib.getLicenseFromSpdxIdOr id { shortName = id; };
}
