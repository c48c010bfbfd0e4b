"""The Faust shell: agents that read topics, and the one loop that serves them all.

shell                 the Faust app, consumer and agents; nothing else imports faust
positions, gaps       where each partition is read from: the ledger's positions, checked against the broker
loop, inbox, span     arrivals → batch → work → effect and progress in one transaction → acknowledgements
work                  what an agent must be able to do
map_changes, apply_messages, report_errors
                      the works
careful, tries        record by record where a worker died, until the record to blame is found
epochs                change topics that are not what they were
pump_outbox           records written in the ledger's transactions, on their way to Kafka
capture_watch         how far the connectors have come
worker                the process: roles, parts, send_role; runner, locks, watchdog, logs
"""
