"""What the book needs beyond mdBook: task cards, checked snippets, pictures, quizzes, predictions, math, and a check."""
