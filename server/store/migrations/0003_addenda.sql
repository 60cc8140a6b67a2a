-- Addenda of published tariffs: they say the hours of events.
CREATE TABLE addenda (
    number    INTEGER PRIMARY KEY, -- order of publication
    id        BLOB NOT NULL UNIQUE,
    tariff    BLOB NOT NULL REFERENCES tariffs (id),
    document  BLOB NOT NULL,       -- signed, the exact bytes that are served
    published INTEGER NOT NULL
);
CREATE INDEX addenda_of_tariff ON addenda (tariff, number);
