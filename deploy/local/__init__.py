"""The local stack: both shops' databases, Kafka, registry, Connect and the HubSpot sandbox, without Docker.

Standard library only and nothing of `connector`, so that it runs with the system's Python before anything is installed.
Read `commands` for what can be asked, `stack` for folders and ports, `parts/` for how each part is started.
"""
