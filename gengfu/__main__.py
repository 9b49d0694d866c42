"""Run as ``python -m gengfu``."""

from gengfu.cli.program import main

if __name__ == "__main__":
    main()
