-- What HubSpot must hold, said by hand from the shop's rows: one view per object, one column per mapped property, as
-- HubSpot stores it. Numbers are numbers, all else is text; an empty text is a cleared property.
-- Rows whose error is expected are in the views too: the comparison knows them by demo.expected_errors.
-- People may stand in several rows, told by their e-mail: of those the row with the latest `newest` (UTC) speaks, here
-- and in the other shop. `shop_row` says which row that was.

CREATE OR REPLACE VIEW demo.expected_contact AS
SELECT CAST(id_customer AS CHAR)                          AS external_id,
       NULLIF(LOWER(TRIM(email)), '')                     AS email,
       NULLIF(firstname, '')                              AS firstname,
       NULLIF(lastname, '')                               AS lastname,
       NULLIF(phone, '')                                  AS phone,
       COALESCE(NULLIF(TRIM(company), ''), 'private')     AS company,
       CAST(gender AS CHAR)                               AS shop_gender,
       IF(newsletter = 1, 'true', 'false')                AS shop_newsletter,
       IF(birthday = '0000-00-00', NULL, DATE_FORMAT(birthday, '%Y-%m-%d')) AS shop_born,
       payment_days                                       AS shop_payment_days,
       CONCAT('legacy/customer/', id_customer)            AS shop_row,
       rev                                                AS shop_rev,
       demo.utc(date_upd)                                 AS newest
FROM ws_customer
WHERE active = 1 AND deleted = 0;

-- Orders of people without an account. The e-mail is the id.
CREATE OR REPLACE VIEW demo.expected_guest AS
SELECT demo.contact_id(buyer)                             AS external_id,
       LOWER(TRIM(buyer))                                 AS email,
       NULLIF(guest_name, '')                             AS lastname,
       CONCAT('legacy/order/', id_order)                  AS shop_row,
       rev                                                AS shop_rev,
       demo.utc(date_upd)                                 AS newest
FROM `order`
WHERE is_guest = 1 AND valid = 1;

CREATE OR REPLACE VIEW demo.expected_product AS
SELECT CAST(id_product AS CHAR)                           AS external_id,
       NULLIF(demo.unescaped(name), '')                   AS name,
       NULLIF(demo.unescaped(description), '')            AS description,
       price                                              AS price,
       NULLIF(reference, '')                              AS hs_sku,
       wholesale_price                                    AS hs_cost_of_goods_sold,
       CAST(`condition` AS CHAR)                          AS shop_condition,
       IF(available_date = '0000-00-00', NULL, DATE_FORMAT(available_date, '%Y-%m-%d')) AS shop_available,
       rev                                                AS shop_rev
FROM ws_product
WHERE active = 1;

CREATE OR REPLACE VIEW demo.expected_deal AS
SELECT CAST(id_order AS CHAR)                             AS external_id,
       CONCAT('Order ', reference)                        AS dealname,
       total_paid                                         AS amount,
       currency                                           AS deal_currency_code,
       DATE_FORMAT(demo.utc(date_add), '%Y-%m-%dT%H:%i:%s.000Z') AS closedate,
       '75e28846-ad0d-4be2-a027-5e1da6590b98'             AS pipeline,
       CASE status_id WHEN 1 THEN 'checkout_pending'
                      WHEN 2 THEN 'checkout_completed'
                      WHEN 3 THEN 'shipped'
                      WHEN 4 THEN 'cancelled'
                      ELSE '?' END                        AS dealstage,
       NULLIF(note, '')                                   AS description,
       IF(demo.bad_number(loyalty) OR loyalty = '', NULL, CAST(loyalty AS DECIMAL(15))) AS loyalty_points,
       CAST(payment AS CHAR)                              AS shop_payment,
       ROUND(total_paid + COALESCE(shipping, 0), 2)       AS shop_gross,
       discount                                           AS shop_discount,
       IF(delivery_date = '0000-00-00 00:00:00', NULL,
          DATE_FORMAT(demo.utc(delivery_date), '%Y-%m-%dT%H:%i:%s.000Z')) AS shop_delivered,
       rev                                                AS shop_rev
FROM `order`
WHERE valid = 1;

-- A line lives while its order does; one whose order never came is here too, for its error.
CREATE OR REPLACE VIEW demo.expected_line_item AS
SELECT CAST(i.id_order_detail AS CHAR)                    AS external_id,
       NULLIF(demo.unescaped(i.product_name), '')         AS name,
       i.product_quantity                                 AS quantity,
       i.unit_price                                       AS price,
       ROUND(i.product_quantity * i.unit_price, 2)        AS shop_line_total,
       (SELECT CAST(p.id_product AS CHAR) FROM ws_product p
        WHERE p.id_product = i.id_product AND p.active = 1) AS hs_product_id,  -- stands for that product's record
       i.rev                                              AS shop_rev
FROM ws_order_detail i
WHERE EXISTS (SELECT 1 FROM `order` o WHERE o.id_order = i.id_order AND o.valid = 1)
   OR NOT EXISTS (SELECT 1 FROM demo.order_seen s WHERE s.id = i.id_order);

-- Rows that are refused for what they hold themselves.
CREATE OR REPLACE VIEW demo.refused AS
SELECT 'CONTACT' AS object_type, CAST(id_customer AS CHAR) AS external_id, 'ws_customer' AS source_table,
       CONCAT('{"id_customer": ', id_customer, '}') AS row_key,
       IF(TRIM(email) = '', 'CONTACT_WITHOUT_EMAIL', 'INVALID_EMAIL_ADDRESS') AS cause
FROM ws_customer
WHERE active = 1 AND deleted = 0 AND demo.bad_email(email)
UNION ALL
SELECT 'CONTACT', demo.contact_id(buyer), 'order', CONCAT('{"id_order": ', id_order, '}'), 'INVALID_EMAIL_ADDRESS'
FROM `order`
WHERE is_guest = 1 AND valid = 1 AND demo.bad_email(buyer)
UNION ALL
SELECT 'DEAL', CAST(id_order AS CHAR), 'order', CONCAT('{"id_order": ', id_order, '}'),
       IF(status_id NOT IN (1, 2, 3, 4), 'UNMAPPED_VALUE', 'INVALID_NUMBER')
FROM `order`
WHERE valid = 1 AND (status_id NOT IN (1, 2, 3, 4) OR demo.bad_number(loyalty));

-- The errors that must be open, no more and no fewer. A refused parent counts as one that HubSpot never took: refusals
-- of rows with children are there from the row's first version, and no row with children is spoiled later.
CREATE OR REPLACE VIEW demo.expected_errors AS
SELECT object_type, external_id, source_table, row_key, cause FROM demo.refused
UNION ALL
SELECT 'DEAL', CAST(o.id_order AS CHAR), 'order', CONCAT('{"id_order": ', o.id_order, '}'), 'PARENT_REFUSED'
FROM `order` o
WHERE o.valid = 1
  AND (o.is_guest = 1 AND demo.bad_email(o.buyer)
       OR EXISTS (SELECT 1 FROM ws_customer c WHERE CAST(c.id_customer AS CHAR) = o.buyer
                  AND c.active = 1 AND c.deleted = 0 AND demo.bad_email(c.email)))
UNION ALL
SELECT 'LINE_ITEM', CAST(i.id_order_detail AS CHAR), 'ws_order_detail',
       CONCAT('{"id_order_detail": ', i.id_order_detail, '}'), 'PARENT_REFUSED'
FROM ws_order_detail i JOIN `order` o ON o.id_order = i.id_order
WHERE o.valid = 1 AND (o.status_id NOT IN (1, 2, 3, 4) OR demo.bad_number(o.loyalty))
UNION ALL
SELECT 'LINE_ITEM', CAST(i.id_order_detail AS CHAR), 'ws_order_detail',
       CONCAT('{"id_order_detail": ', i.id_order_detail, '}'), 'PARENT_NEVER_SEEN'
FROM ws_order_detail i
WHERE NOT EXISTS (SELECT 1 FROM demo.order_seen s WHERE s.id = i.id_order)
   OR (i.id_product IS NOT NULL AND NOT EXISTS (SELECT 1 FROM demo.product_seen s WHERE s.id = i.id_product)
       AND EXISTS (SELECT 1 FROM `order` o WHERE o.id_order = i.id_order AND o.valid = 1));

-- Child to parent. A refused parent has no record to link to. (Links of a refused deal that HubSpot took earlier may be
-- there or not: the comparison lets both pass.)
CREATE OR REPLACE VIEW demo.expected_association AS
SELECT 'deal' AS from_type, CAST(o.id_order AS CHAR) AS from_external_id,
       'contact' AS to_type, CAST(c.id_customer AS CHAR) AS to_external_id
FROM `order` o JOIN ws_customer c ON o.buyer = CAST(c.id_customer AS CHAR)
WHERE o.valid = 1 AND c.active = 1 AND c.deleted = 0 AND NOT demo.bad_email(c.email)
UNION ALL
SELECT 'deal', CAST(o.id_order AS CHAR), 'contact', demo.contact_id(o.buyer)
FROM `order` o
WHERE o.valid = 1 AND o.buyer LIKE '%@%' AND NOT demo.bad_email(o.buyer)
  AND EXISTS (SELECT 1 FROM `order` g
              WHERE g.buyer = o.buyer AND BINARY g.buyer = BINARY o.buyer AND g.is_guest = 1 AND g.valid = 1)
UNION ALL
SELECT 'line_item', CAST(i.id_order_detail AS CHAR), 'deal', CAST(o.id_order AS CHAR)
FROM ws_order_detail i JOIN `order` o ON o.id_order = i.id_order
WHERE o.valid = 1 AND o.status_id IN (1, 2, 3, 4) AND NOT demo.bad_number(o.loyalty);

-- Deals whose buyer is not there any more: the record may stand by another row of the same person, and the link with it.
CREATE OR REPLACE VIEW demo.adrift AS
SELECT CAST(o.id_order AS CHAR) AS external_id
FROM `order` o
WHERE o.valid = 1 AND o.buyer IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM ws_customer c
                  WHERE CAST(c.id_customer AS CHAR) = o.buyer AND c.active = 1 AND c.deleted = 0)
  AND NOT EXISTS (SELECT 1 FROM `order` g
                  WHERE g.buyer = o.buyer AND BINARY g.buyer = BINARY o.buyer AND g.is_guest = 1 AND g.valid = 1);
