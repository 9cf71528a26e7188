"""What the book needs beyond mdBook: task cards, checked code, pictures, quizzes, predictions, math, and a check."""
