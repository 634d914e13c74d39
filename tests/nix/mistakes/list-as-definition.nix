#> {here}/list-as-definition.nix is of type list
[ ]
