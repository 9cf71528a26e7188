"""Day 16 for real: replicas of a student's engine on Ray Serve, behind the student's router."""
