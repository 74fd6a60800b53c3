CREATE TABLE products (
    sku         TEXT    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    price_cents INTEGER NOT NULL,
    currency    TEXT    NOT NULL
) STRICT;
