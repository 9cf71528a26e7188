"""How tests speak to a student, and how their results become ✓, ✗ and ○."""
