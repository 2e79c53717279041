"""Run the command line interface: ``python -m quests_core.cli``."""

from . import main

if __name__ == "__main__":
    main()
