-- What a party that adds up meters must remember: an authority, or the collector.
-- A database can serve several.

-- Values under keys: share keys, the one presence of a slot, what was given out.
CREATE TABLE party_values (
    party TEXT COLLATE "C" NOT NULL,
    name  TEXT COLLATE "C" NOT NULL,
    value BYTEA NOT NULL,
    PRIMARY KEY (party, name)
);

-- Slot records that were checked, with what the party needs of them later.
CREATE TABLE party_arrivals (
    party TEXT COLLATE "C" NOT NULL,
    day   BIGINT NOT NULL,
    slot  BIGINT NOT NULL,
    hash  BYTEA NOT NULL, -- of the record
    data  BYTEA NOT NULL,
    PRIMARY KEY (party, day, slot, hash)
);

-- What was released of a slot: everything public about it.
CREATE TABLE slot_files (
    party TEXT COLLATE "C" NOT NULL,
    day   BIGINT NOT NULL,
    slot  BIGINT NOT NULL,
    file  BYTEA NOT NULL,
    PRIMARY KEY (party, day, slot)
);

-- The sums in it, for lists. Numbers up to 2^64 are decimal text.
CREATE TABLE releases (
    party   TEXT COLLATE "C" NOT NULL,
    name    TEXT COLLATE "C" NOT NULL, -- of the set
    day     BIGINT NOT NULL,
    slot    BIGINT NOT NULL,
    meters  BIGINT NOT NULL,
    sum     BIGINT NOT NULL,
    squares TEXT COLLATE "C" NOT NULL, -- empty if not released
    PRIMARY KEY (party, name, day, slot)
);
