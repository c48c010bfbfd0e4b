-- What HubSpot must hold, said by hand from the shop's rows: one view per object, one column per mapped property, as
-- HubSpot stores it. Numbers are numeric (compared as numbers), all else is text; an empty text is a cleared property.
-- Rows whose error is expected are in the views too: the comparison knows them by demo.expected_errors.
-- People may stand in several rows, told by their e-mail: of those the row with the latest `newest` speaks, here and in
-- the other shop. `shop_row` says which row that was.

DROP VIEW IF EXISTS demo.expected_errors, demo.expected_association, demo.adrift, demo.expected_contact, demo.expected_guest,
    demo.expected_product, demo.expected_deal, demo.expected_line_item, demo.refused;

CREATE VIEW demo.expected_contact AS
SELECT id::text                                           AS external_id,
       nullif(lower(trim(email)), '')                     AS email,
       nullif(first_name, '')                             AS firstname,
       nullif(last_name, '')                              AS lastname,
       nullif(phone, '')                                  AS phone,
       CASE WHEN trim(company) = '' OR company IS NULL THEN 'private' ELSE trim(company) END AS company,
       CASE newsletter WHEN true THEN 'true' WHEN false THEN 'false' END AS shop_newsletter,
       to_char(born, 'YYYY-MM-DD')                        AS shop_born,
       nullif(attributes #>> '{loyalty,tier}', '')        AS shop_tier,
       'demo/customers/' || id                            AS shop_row,
       rev::numeric                                       AS shop_rev,
       updated_at                                         AS newest
FROM customers;

-- Orders of people without an account. The e-mail is the id.
CREATE VIEW demo.expected_guest AS
SELECT demo.contact_id(guest_email)                       AS external_id,
       lower(trim(guest_email))                           AS email,
       'demo/orders/' || id                               AS shop_row,
       rev::numeric                                       AS shop_rev,
       updated_at                                         AS newest
FROM orders
WHERE customer_id IS NULL AND guest_email <> '' AND status <> 'draft';

CREATE VIEW demo.expected_product AS
SELECT id::text                                           AS external_id,
       nullif(name, '')                                   AS name,
       price                                              AS price,
       nullif(sku, '')                                    AS hs_sku,
       nullif(description, '')                            AS description,
       cost                                               AS hs_cost_of_goods_sold,
       nullif(attributes #>> '{color}', '')               AS shop_color,
       upper(left(sku, 3)) || ' / ' || CASE WHEN price < 50 THEN 'low' WHEN price < 250 THEN 'middle' ELSE 'high' END
                                                          AS shop_shelf,
       'demo'                                             AS shop_source,
       rev::numeric                                       AS shop_rev
FROM products;

CREATE VIEW demo.expected_deal AS
SELECT id::text                                           AS external_id,
       'Order ' || number                                 AS dealname,
       total                                              AS amount,
       currency                                           AS deal_currency_code,
       to_char(date_trunc('milliseconds', placed_at AT TIME ZONE 'UTC'), 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
                                                          AS closedate,
       '75e28846-ad0d-4be2-a027-5e1da6590b98'             AS pipeline,
       CASE status WHEN 'pending' THEN 'checkout_pending'
                   WHEN 'paid' THEN 'checkout_completed'
                   ELSE status::text END                  AS dealstage,
       nullif(note, '')                                   AS description,
       CASE WHEN loyalty_points ~ '^[0-9]+$' THEN loyalty_points::numeric END AS loyalty_points,
       round(total + shipping, 2)                         AS shop_gross,
       nullif(attributes #>> '{channel}', '')             AS shop_channel,
       rev::numeric                                       AS shop_rev
FROM orders
WHERE status <> 'draft';

-- A line lives while its order does; one whose order never came is here too, for its error.
CREATE VIEW demo.expected_line_item AS
SELECT i.order_id || '-' || i.line_no                     AS external_id,
       nullif(i.product_name, '')                         AS name,
       i.quantity                                         AS quantity,
       i.unit_price                                       AS price,
       round(i.quantity * i.unit_price, 2)                AS shop_line_total,
       nullif(i.options #>> '{engraving}', '')            AS shop_engraving,
       (SELECT p.id::text FROM products p WHERE p.id = i.product_id) AS hs_product_id,  -- stands for that product's record
       i.rev::numeric                                     AS shop_rev
FROM order_items i
WHERE EXISTS (SELECT FROM orders o WHERE o.id = i.order_id AND o.status <> 'draft')
   OR NOT EXISTS (SELECT FROM demo.order_seen s WHERE s.id = i.order_id);

-- Rows that are refused for what they hold themselves.
CREATE VIEW demo.refused AS
SELECT 'CONTACT' AS object_type, id::text AS external_id, 'customers' AS source_table,
       format('{"id": "%s"}', id) AS row_key,
       CASE WHEN lower(trim(email)) IN (SELECT f.email FROM demo.forgotten f) THEN 'EMAIL_BLOCKED'
            WHEN coalesce(trim(email), '') = '' THEN 'CONTACT_WITHOUT_EMAIL'
            ELSE 'INVALID_EMAIL_ADDRESS' END AS cause
FROM customers
WHERE CASE WHEN coalesce(trim(email), '') = '' THEN (SELECT needs_email FROM demo.account)
           ELSE trim(email) !~ '^[^@[:space:]]+@[^@[:space:]]+\.[a-zA-Z]+$'
                OR lower(trim(email)) IN (SELECT f.email FROM demo.forgotten f) END
UNION ALL
SELECT 'CONTACT', demo.contact_id(guest_email), 'orders', format('{"id": %s}', id), 'INVALID_EMAIL_ADDRESS'
FROM orders
WHERE customer_id IS NULL AND guest_email <> '' AND status <> 'draft'
  AND trim(guest_email) !~ '^[^@[:space:]]+@[^@[:space:]]+\.[a-zA-Z]+$'
UNION ALL
SELECT 'DEAL', id::text, 'orders', format('{"id": %s}', id),
       CASE status WHEN 'on_hold' THEN 'UNMAPPED_VALUE' ELSE 'INVALID_NUMBER' END
FROM orders
WHERE status = 'on_hold' OR (status <> 'draft' AND loyalty_points <> '' AND loyalty_points !~ '^[0-9]+$');

-- The errors that must be open, no more and no fewer. A refused parent counts as one that HubSpot never took: refusals
-- of rows with children are there from the row's first version, and no row with children is spoiled later.
CREATE VIEW demo.expected_errors AS
SELECT object_type, external_id, source_table, row_key, cause FROM demo.refused
UNION ALL
SELECT 'DEAL', o.id::text, 'orders', format('{"id": %s}', o.id), 'PARENT_REFUSED'
FROM orders o JOIN demo.refused r ON r.object_type = 'CONTACT' AND r.external_id = demo.contact_id(o.buyer)
WHERE o.status <> 'draft'
UNION ALL
SELECT 'LINE_ITEM', i.order_id || '-' || i.line_no, 'order_items',
       format('{"order_id": %s, "line_no": %s}', i.order_id, i.line_no), 'PARENT_REFUSED'
FROM order_items i JOIN demo.refused r ON r.object_type = 'DEAL' AND r.external_id = i.order_id::text
UNION ALL
SELECT 'LINE_ITEM', i.order_id || '-' || i.line_no, 'order_items',
       format('{"order_id": %s, "line_no": %s}', i.order_id, i.line_no), 'PARENT_NEVER_SEEN'
FROM order_items i
WHERE NOT EXISTS (SELECT FROM demo.order_seen s WHERE s.id = i.order_id);

-- Child to parent. A refused parent has no record to link to. (Links of a refused deal that HubSpot took earlier may be
-- there or not: the comparison lets both pass.)
CREATE VIEW demo.expected_association AS
SELECT 'deal' AS from_type, o.id::text AS from_external_id, 'contact' AS to_type, c.external_id AS to_external_id
FROM orders o JOIN (SELECT external_id FROM demo.expected_contact UNION SELECT external_id FROM demo.expected_guest) c
  ON c.external_id = demo.contact_id(o.buyer)
WHERE o.status <> 'draft'
  AND NOT EXISTS (SELECT FROM demo.refused r WHERE r.object_type = 'CONTACT' AND r.external_id = c.external_id)
UNION ALL
SELECT 'line_item', i.order_id || '-' || i.line_no, 'deal', o.id::text
FROM order_items i JOIN orders o ON o.id = i.order_id
WHERE o.status <> 'draft'
  AND NOT EXISTS (SELECT FROM demo.refused r WHERE r.object_type = 'DEAL' AND r.external_id = o.id::text);

-- Deals whose buyer is not there any more: the record may stand by another row of the same person, and the link with it.
CREATE VIEW demo.adrift AS
SELECT o.id::text AS external_id
FROM orders o
WHERE o.status <> 'draft' AND o.buyer IS NOT NULL
  AND NOT EXISTS (SELECT FROM demo.expected_contact c WHERE c.external_id = o.customer_id::text)
  AND NOT EXISTS (SELECT FROM demo.expected_guest g WHERE g.external_id = demo.contact_id(o.buyer));
