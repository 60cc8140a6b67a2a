-- Of a meter and slot two records are kept: the first, which may count, and one that
-- contradicts it. Rows of before stand each for a meter of their own.
CREATE TABLE two_records (
    party TEXT NOT NULL,
    day   INTEGER NOT NULL,
    slot  INTEGER NOT NULL,
    meter BLOB NOT NULL, -- its id
    nth   INTEGER NOT NULL, -- 0 or 1
    hash  BLOB NOT NULL, -- of the record
    data  BLOB NOT NULL,
    PRIMARY KEY (party, day, slot, meter, nth)
) WITHOUT ROWID;

INSERT INTO two_records (party, day, slot, meter, nth, hash, data)
SELECT party, day, slot, hash, 0, hash, data FROM party_arrivals;

DROP TABLE party_arrivals;

ALTER TABLE two_records RENAME TO party_arrivals;
