"""The course as data: the syllabus, the cutter of the starter, whose code runs, what a student has done."""
