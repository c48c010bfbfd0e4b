"""The timeline of one object, from the row's commit in the database to HubSpot's answer."""
