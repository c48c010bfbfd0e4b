"""What happens in the legacy shop. An action changes some rows, or none if the shop has nothing fit for it.

Two rules keep the expected errors a matter of the data alone, whatever HubSpot has seen of the rows' past:
a row with children is never spoiled, and a spoiled row gets no children.
"""

from __future__ import annotations

from collections.abc import Callable

from deploy.demo.legacy.actions import customers, orders, products
from deploy.demo.legacy.live_shop import LiveShop

Action = Callable[[LiveShop], None]

ACTIONS: tuple[tuple[int, Action], ...] = (
    (5, customers.insert_customer),
    (3, customers.insert_shared_customer),
    (3, customers.insert_twin),
    (3, customers.register_guest),
    (6, customers.edit_customer),
    (4, customers.change_email),
    (2, customers.swap_emails),
    (3, customers.flip_active),
    (2, customers.mark_deleted),
    (2, customers.delete_customer),
    (2, customers.return_customer),
    (1, customers.spoil_email),
    (1, customers.mend_email),
    (3, customers.replace_customer),
    (3, products.upsert_product),
    (4, products.replace_product),
    (5, products.reprice_product),
    (1, products.reprice_many),
    (3, products.flip_active),
    (1, products.delete_product),
    (1, products.return_product),
    (1, products.renumber_product),
    (6, orders.insert_order),
    (6, orders.insert_guest_order),
    (8, orders.move_status),
    (5, orders.edit_order),
    (3, orders.change_buyer),
    (3, orders.flip_valid),
    (4, orders.replace_order),
    (2, orders.delete_order),
    (2, orders.return_order),
    (1, orders.renumber_order),
    (1, orders.spoil_order),
    (1, orders.mend_order),
    (4, orders.add_line),
    (4, orders.edit_line),
    (3, orders.delete_line),
    (1, orders.sell_what_is_gone),
    (2, products.write_log),
)
"""Each action with its weight."""
