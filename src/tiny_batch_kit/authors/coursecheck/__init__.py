"""The checks of the course itself, for its authors and for CI: scripts/check_course.py runs them."""
