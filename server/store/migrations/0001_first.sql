-- What a supplier remembers. Times are Unix seconds, days are UTC days since
-- 1970-01-01, hashes and keys are bytes. Nothing here tells a reading. Long values
-- stand last in a row, so that lists need not read past them.

-- The supplier whose requests and receipts these are. Its secret key is not here.
CREATE TABLE supplier (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    key BLOB NOT NULL
);

CREATE TABLE authorities (
    hash    BLOB PRIMARY KEY,
    text    TEXT NOT NULL UNIQUE, -- hushwatt-authority1…
    name    TEXT NOT NULL,
    first   INTEGER NOT NULL,     -- days on which its certificates count
    last    INTEGER NOT NULL,
    revoked INTEGER NOT NULL,     -- first day that no longer counts, 0 if none
    added   INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE meters (
    meter     TEXT PRIMARY KEY,
    authority BLOB NOT NULL REFERENCES authorities (hash),
    slots     INTEGER NOT NULL,   -- in a UTC day
    first     INTEGER NOT NULL,
    last      INTEGER NOT NULL,
    revoked   INTEGER NOT NULL,
    added     INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE tariffs (
    number    INTEGER PRIMARY KEY, -- order of publication
    id        BLOB NOT NULL UNIQUE,
    plan_id   TEXT NOT NULL,
    document  BLOB NOT NULL,       -- signed, the exact bytes that are served
    published INTEGER NOT NULL
);

CREATE TABLE requests (
    serial     INTEGER PRIMARY KEY,
    hash       BLOB NOT NULL UNIQUE,
    bytes      BLOB NOT NULL,
    kind       TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    period_end   INTEGER NOT NULL, -- exclusive
    first      TEXT NOT NULL,      -- the same as local dates
    last       TEXT NOT NULL,
    created    INTEGER NOT NULL,
    not_after  INTEGER NOT NULL,
    replaces   INTEGER REFERENCES requests (serial),
    withdrawn  INTEGER NOT NULL    -- when, 0 if not
);

CREATE TABLE request_meters (
    meter   TEXT NOT NULL,
    request INTEGER NOT NULL REFERENCES requests (serial),
    PRIMARY KEY (meter, request)
) WITHOUT ROWID;
CREATE INDEX request_meters_by_request ON request_meters (request);

-- Accepted bills, in the order of their receipts. A row is never changed but
-- for replaced_by, and never deleted.
CREATE TABLE bills (
    serial      INTEGER PRIMARY KEY, -- of the receipt
    id          BLOB NOT NULL UNIQUE,
    request     INTEGER NOT NULL UNIQUE REFERENCES requests (serial),
    submission  BLOB NOT NULL,       -- hash
    accepted    INTEGER NOT NULL,
    total       TEXT NOT NULL,
    currency    TEXT NOT NULL,
    slots       INTEGER NOT NULL,
    missing     INTEGER NOT NULL,
    estimated   INTEGER NOT NULL,
    replaced_by INTEGER REFERENCES bills (serial),
    receipt     BLOB NOT NULL,       -- the exact bytes that were answered
    bill        BLOB NOT NULL        -- the exact bytes that were sent
);
CREATE INDEX bills_by_request ON bills (request, replaced_by, serial);

-- What was billed of each meter: one gapless run for each kind.
CREATE TABLE periods (
    meter        TEXT NOT NULL,
    kind         TEXT NOT NULL,
    period_start INTEGER NOT NULL,
    period_end   INTEGER NOT NULL,
    bill         INTEGER NOT NULL REFERENCES bills (serial),
    PRIMARY KEY (meter, kind, period_start)
) WITHOUT ROWID;

-- The newest state accepted of each epoch of each meter.
CREATE TABLE states (
    authority   BLOB NOT NULL,
    meter       TEXT NOT NULL,
    epoch       INTEGER NOT NULL,
    head        BLOB NOT NULL,
    corrections BLOB NOT NULL,
    PRIMARY KEY (authority, meter, epoch)
) WITHOUT ROWID;

-- Bills that were sent for a known request and refused, a few for each request.
CREATE TABLE refusals (
    request   INTEGER NOT NULL REFERENCES requests (serial),
    hash      BLOB NOT NULL,    -- SHA-256 of the bytes
    reference TEXT NOT NULL,    -- what the sender was told to quote
    reason    TEXT NOT NULL,
    detail    TEXT NOT NULL,
    at        INTEGER NOT NULL, -- the latest time
    times     INTEGER NOT NULL,
    bill      BLOB NOT NULL,
    PRIMARY KEY (request, hash)
);
CREATE INDEX refusals_by_reference ON refusals (reference);

-- Pairs of signed heads that contradict each other.
CREATE TABLE evidence (
    a  BLOB NOT NULL,
    b  BLOB NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (a, b)
);
