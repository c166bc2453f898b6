"""`python -m selfship` is the console command."""

from selfship.cli import main

if __name__ == "__main__":
    main()
