"""A class: submissions read, run where they can do no harm, judged by what they earned, and reported."""
