"""What happens in a living shop. An action changes some rows, or none if the shop has nothing fit for it.

Two rules keep the expected errors a matter of the data alone, whatever HubSpot has seen of the rows' past:
a row with children is never spoiled, and a spoiled row gets no children.
"""

from __future__ import annotations

from collections.abc import Callable

from deploy.demo.modern.actions import customers, lines, orders, products
from deploy.demo.modern.live_shop import LiveShop

Action = Callable[[LiveShop], None]

ACTIONS: tuple[tuple[int, Action], ...] = (
    (6, customers.insert_customer),
    (3, customers.insert_shared_customer),
    (3, customers.insert_twin),
    (3, customers.register_guest),
    (2, customers.swap_emails),
    (2, customers.rekey_customer),
    (8, customers.edit_customer),
    (3, customers.touch_customer),
    (4, customers.change_email),
    (3, customers.delete_customer),
    (3, customers.return_customer),
    (1, customers.spoil_email),
    (1, customers.mend_email),
    (2, products.insert_product),
    (6, products.reprice_product),
    (1, products.reprice_many),
    (2, products.rewrite_description),
    (1, products.delete_product),
    (1, products.return_product),
    (1, products.rekey_product),
    (6, orders.insert_order),
    (3, orders.insert_lines_first),
    (5, orders.change_customer),
    (2, orders.lose_customer),
    (10, orders.move_status),
    (6, orders.edit_order),
    (6, orders.save_order),
    (1, orders.rekey_order),
    (2, orders.delete_order),
    (2, orders.return_order),
    (1, orders.hold_order),
    (1, orders.release_order),
    (1, orders.spoil_points),
    (1, orders.mend_points),
    (6, lines.change_product),
    (6, lines.edit_line),
    (4, lines.add_line),
    (3, lines.delete_line),
    (2, lines.insert_line_before_product),
    (1, lines.insert_orphan),
    (1, lines.discard_orphan),
    (1, orders.adopt_orphan),
    (2, products.write_audit_log),
)
"""Each action with its weight."""
