-- What a party that adds up meters must remember: an authority, or the collector.
-- A database can serve several.

-- Values under keys: share keys, the one presence of a slot, what was given out.
CREATE TABLE party_values (
    party TEXT NOT NULL,
    name  TEXT NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (party, name)
) WITHOUT ROWID;

-- Slot records that were checked, with what the party needs of them later.
CREATE TABLE party_arrivals (
    party TEXT NOT NULL,
    day   INTEGER NOT NULL,
    slot  INTEGER NOT NULL,
    hash  BLOB NOT NULL, -- of the record
    data  BLOB NOT NULL,
    PRIMARY KEY (party, day, slot, hash)
) WITHOUT ROWID;

-- What was released of a slot: everything public about it.
CREATE TABLE slot_files (
    party TEXT NOT NULL,
    day   INTEGER NOT NULL,
    slot  INTEGER NOT NULL,
    file  BLOB NOT NULL,
    PRIMARY KEY (party, day, slot)
);

-- The sums in it, for lists. Numbers up to 2^64 are decimal text.
CREATE TABLE releases (
    party   TEXT NOT NULL,
    name    TEXT NOT NULL, -- of the set
    day     INTEGER NOT NULL,
    slot    INTEGER NOT NULL,
    meters  INTEGER NOT NULL,
    sum     INTEGER NOT NULL,
    squares TEXT NOT NULL, -- empty if not released
    PRIMARY KEY (party, name, day, slot)
) WITHOUT ROWID;
