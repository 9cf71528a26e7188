"""What a server needs around the student's own: the shapes of OpenAI's API, the page, the numbers, the doors."""
