"""The endpoints: functions from the account and a call to an answer, one module per HubSpot API."""
