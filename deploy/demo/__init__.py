"""The demo shop: its schema, its data, its live traffic, and the proof that HubSpot holds what it should."""
