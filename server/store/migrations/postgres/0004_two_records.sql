-- Of a meter and slot two records are kept: the first, which may count, and one that
-- contradicts it. Rows of before stand each for a meter of their own.
CREATE TABLE two_records (
    party TEXT COLLATE "C" NOT NULL,
    day   BIGINT NOT NULL,
    slot  BIGINT NOT NULL,
    meter BYTEA NOT NULL, -- its id
    nth   BIGINT NOT NULL, -- 0 or 1
    hash  BYTEA NOT NULL, -- of the record
    data  BYTEA NOT NULL,
    PRIMARY KEY (party, day, slot, meter, nth)
);

INSERT INTO two_records (party, day, slot, meter, nth, hash, data)
SELECT party, day, slot, hash, 0, hash, data FROM party_arrivals;

DROP TABLE party_arrivals;

ALTER TABLE two_records RENAME TO party_arrivals;
