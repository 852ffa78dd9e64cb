"""`python -m prufrock` is the command line."""

from prufrock.cli import main

if __name__ == "__main__":
    main()
