"""`load`: send requests to a server when they are due, whether or not it keeps up, and say how long they took."""
import argparse
HELP = "x"
def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass
def run(args: argparse.Namespace) -> int:
    return 0
