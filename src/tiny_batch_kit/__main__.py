"""`python -m tiny_batch_kit COMMAND`: what `pdm run COMMAND` and `./scripts/course COMMAND` call."""

import sys

from tiny_batch_kit.cli import main

if __name__ == "__main__":
    sys.exit(main())
