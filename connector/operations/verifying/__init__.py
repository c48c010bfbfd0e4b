"""Is HubSpot equal to the shop: every mapped row beside its record, read from database and HubSpot, not the ledger.

findings   what may be found
equality   whether HubSpot's text says what the shop says
judging    one record beside what it should hold
shadow     what every record should hold: a ledger of its own, fed from the database alone
shop_side  the shop's rows as messages
hubspot_side  HubSpot's records and associations, kept beside the shadow
"""
