"""What the authors of the course need: the book's own syntax, and the checks of the course itself."""
