# Whether cliff can be had for the Python of a package set. With Python 3.12, the default of nixpkgs 24.11, it cannot be there:
# what writes its manual refuses that.
pythonPackages: (builtins.tryEval (pythonPackages.cliff.drvPath or "")).success
