"""Makes HubSpot equal to the ledger's desired state.

    courier    the loop: take, send, judge, settle, in numbered steps
    crm, associations    HubSpot's CRM dialect as pure generators: they yield calls, receive replies, return outcomes
    matching, owners    who holds a value that only one record may hold: before a record is made, after a conflict
    contact_key, by_email    what contacts are written by, and how they are where that is their e-mail address
    batch, refusals, render, paths    what the dialect is made of: bisecting, classification, values, addresses
    pace, health    when a call may go: the windows of HubSpot's limits, HubSpot's absence, a refused credential
    lease      one sender per ledger
    port       what the courier asks of the ledger

Nothing but the courier waits or touches the network.
"""
