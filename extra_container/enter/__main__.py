"""Started as a file by an isolated interpreter, see :func:`extra_container.enter.argv.enter_argv`."""

import sys

sys.path.append(__file__.rsplit("/", 3)[0])  # behind the standard library, which nothing here may hide

from extra_container.enter.main import main

sys.exit(main(sys.argv[1:]))
