"""What everything stands on: where things are, the one error that commands show, the terminal."""
