"""The sandbox as one application: control plane, pages for people, and HubSpot's API for everything else."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Mount

from connector.sandbox.clock import Clock, SystemClock
from connector.sandbox.control import Control
from connector.sandbox.faults import Faults
from connector.sandbox.gateway import Gateway, internal_error
from connector.sandbox.pages import Pages
from connector.sandbox.portal import Portal
from connector.sandbox.settings import SandboxSettings


def create_app(settings: SandboxSettings, clock: Clock | None = None) -> Starlette:
    """Make the application; `app.state.portal` is the account. The database file is made if it is not there."""
    clock = clock or SystemClock()
    portal = Portal(settings, clock)
    faults = Faults(clock)
    app = Starlette(
        routes=[
            *Control(portal, faults).routes(),
            *Pages(portal, faults).routes(),
            Mount("/", app=Gateway(portal, faults)),
        ],
        exception_handlers={Exception: internal_error},
    )
    app.state.portal = portal
    return app
