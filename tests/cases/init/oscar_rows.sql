-- A few rows of a django-oscar shop: two customers and a guest, two products, orders in several states.
INSERT INTO auth_user (id, password, is_superuser, username, first_name, last_name, email, is_staff, is_active, date_joined) VALUES
    (1, '!', true, 'boss', 'Berta', 'Boss', 'boss@example.com', true, true, '2024-01-01 08:00+00'),
    (2, '!', false, 'ada', 'Ada', 'Lovelace', 'Ada@Example.com', false, true, '2024-01-05 08:00+00'),
    (3, '!', false, 'grace', 'Grace', 'Hopper', 'grace@example.com', false, true, '2024-01-06 08:00+00');
INSERT INTO catalogue_productclass (id, name, slug, requires_shipping, track_stock) VALUES (1, 'Book', 'book', true, true);
INSERT INTO catalogue_product
    (id, structure, upc, title, slug, description, date_created, date_updated, is_discountable, product_class_id, is_public, priority)
VALUES
    (1, 'standalone', '9780000000011', 'Notes on the Engine', 'notes', 'A first edition.', now(), now(), true, 1, true, 0),
    (2, 'standalone', '9780000000028', 'A Compiler for All', 'compiler', 'With errata.', now(), now(), true, 1, true, 0);
INSERT INTO partner_partner (id, code, name) VALUES (1, 'press', 'The Press');
INSERT INTO partner_stockrecord (id, partner_sku, price_currency, price, num_in_stock, date_created, date_updated, partner_id, product_id) VALUES
    (1, 'P-1', 'EUR', 20.00, 5, now(), now(), 1, 1),
    (2, 'P-2', 'EUR', 35.50, 5, now(), now(), 1, 2);
INSERT INTO order_order
    (id, number, currency, total_incl_tax, total_excl_tax, shipping_incl_tax, shipping_excl_tax, shipping_method,
     shipping_code, status, guest_email, date_placed, user_id, analytics_tracked)
VALUES
    (1, '100001', 'EUR', 40.00, 33.61, 0, 0, 'Post', 'post', 'Complete', '', '2024-02-01 10:00+00', 2, true),
    (2, '100002', 'EUR', 35.50, 29.83, 0, 0, 'Post', 'post', 'Being processed', '', '2024-02-02 10:00+00', 3, true),
    (3, '100003', 'EUR', 20.00, 16.81, 0, 0, 'Post', 'post', 'Cancelled', 'guest@example.com', '2024-02-03 10:00+00', NULL, false),
    (4, '100004', 'EUR', 20.00, 16.81, 0, 0, 'Post', 'post', 'Pending', '', '2024-02-04 10:00+00', 2, false);
INSERT INTO order_line
    (id, partner_name, partner_sku, partner_line_reference, partner_line_notes, title, upc, quantity, line_price_incl_tax,
     line_price_excl_tax, line_price_before_discounts_incl_tax, line_price_before_discounts_excl_tax, unit_price_incl_tax,
     unit_price_excl_tax, status, order_id, partner_id, product_id, stockrecord_id, allocation_cancelled, num_allocated)
VALUES
    (1, 'The Press', 'P-1', '', '', 'Notes on the Engine', '9780000000011', 2, 40, 33.61, 40, 33.61, 20, 16.81, '', 1, 1, 1, 1, false, 0),
    (2, 'The Press', 'P-2', '', '', 'A Compiler for All', '9780000000028', 1, 35.5, 29.83, 35.5, 29.83, 35.5, 29.83, '', 2, 1, 2, 2, false, 0),
    (3, 'The Press', 'P-1', '', '', 'Notes on the Engine', '9780000000011', 1, 20, 16.81, 20, 16.81, 20, 16.81, '', 3, 1, 1, 1, false, 0),
    (4, 'The Press', 'P-1', '', '', 'Notes on the Engine', NULL, 1, 20, 16.81, 20, 16.81, 20, 16.81, '', 4, 1, NULL, NULL, false, 0);
