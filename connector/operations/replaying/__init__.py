"""Saying again what is on the topics: changes mapped with today's shop file, or sync messages as they stand.

scope      what was asked for, and the ranges of offsets that it means
by_error   the changes that errors are about
stamp      what makes a message an operator's
source     records of these ranges as messages, with whatever could not be mapped
looking    what a replay would do, tried on a copy of the ledger
act        the replay itself, journalled, and its resumption
following  what the ledger has taken of it
rest       rows whose newest change is on no topic any more
leftovers  objects that today's shop file no longer makes
"""
