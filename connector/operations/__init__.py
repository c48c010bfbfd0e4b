"""What operators do, as functions: the command line calls them, and whatever else wants to.

environment  settings, and files of KEY=VALUE lines
checks       is everything in place: one line for each thing, with what to do where it is not
provision    what HubSpot must have
status       is all well; lag, accounting, errors, sender
source       how far a shop's database has been captured
lag          what is under way, stage by stage
accounting   does every record that was read show up in a count
stock        how the records and links of the ledger stand
objects      one object: what is known of it, what it waits for
row_keys     what the key of a row that could not be mapped says of its object
letters      errors, read whole from the dead-letter topic
causes       errors grouped, with what to do
originals    the record that an error is about, made readable
mending      errors sent again, edited, closed, exported: from the topics alone
backup       a copy of the ledger
"""
