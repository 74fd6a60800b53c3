-- `default` is what an order without items or with an unknown action means; `registration` costs nothing.
INSERT INTO products (sku, name, price_cents, currency) VALUES
    ('default', 'One unit of service', 999, 'EUR'),
    ('registration', 'Registration', 0, 'EUR'),
    ('keyboard', 'Mechanical keyboard', 8990, 'EUR'),
    ('mouse', 'Wireless mouse', 3450, 'EUR'),
    ('monitor-27', 'Monitor, 27 inch', 31900, 'EUR'),
    ('usb-c-cable', 'USB-C cable, 2 m', 1290, 'EUR'),
    ('usb-c-dock', 'USB-C dock', 14900, 'EUR'),
    ('headset', 'Headset', 7950, 'EUR'),
    ('webcam', 'Webcam, 1080p', 5990, 'EUR'),
    ('laptop-stand', 'Laptop stand', 4490, 'EUR'),
    ('ssd-1tb', 'Solid state drive, 1 TB', 8490, 'EUR'),
    ('desk-lamp', 'Desk lamp', 3990, 'EUR');
