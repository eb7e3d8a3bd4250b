"""Screening: names, LEIs and accounts against sanctions and watch lists, as a queue for people to decide."""
