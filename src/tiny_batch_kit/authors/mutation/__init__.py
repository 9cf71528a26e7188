"""Small changes of the reference, made by a machine: does a test notice each, or is it no change at all?"""
