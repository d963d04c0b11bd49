/**
 * The journal on disk. `rows` grows at its end: triggers refuse changes and gaps, whoever asks, and every deletion but that
 * of rows before the beginning that the newest `segment` row names; never one of an open order.
 * `open_subjects` follows from `rows` inside the same transaction, so that a start need not read every order
 * there ever was.
 */

/** The journal itself, in the configured directory. SQLite keeps `-wal` and `-shm` beside it. */
export const JOURNAL_FILE = "journal.db";

/**
 * The first journal of a box is made whole under this name and then moved into its place: an empty or half-made
 * `journal.db` was never a new one. The file is there before the lock, so that a lock alone is the trace of a journal.
 */
export const NEW_FILE = "journal.new";

/**
 * An empty database on which the writer holds a transaction: the kernel frees it however the process ends.
 */
export const LOCK_FILE = "journal.lock";

/** Stands there while a damaged journal is being moved aside: until that is done nobody begins a new one. */
export const QUARANTINE_FILE = "journal.quarantine";

/** Says what was found damaged while a box ran: no later start opens the journal beside it. */
export const DAMAGED_FILE = "journal.damaged";

/** `PRAGMA application_id`: "scan". */
export const APPLICATION_ID = 0x7363616e;

/** `PRAGMA user_version`: raised when an older program could misread what a newer one writes. */
export const SCHEMA_VERSION = 1;

/** Rows are dropped from the beginning, and from nowhere else. */
const segments = `
CREATE INDEX rows_of_segments ON rows (n) WHERE kind = 'segment';
CREATE TRIGGER rows_last BEFORE DELETE ON rows
WHEN OLD.n >= coalesce((SELECT body ->> '$.first.n' FROM rows WHERE kind = 'segment' ORDER BY n DESC LIMIT 1), 0)
  OR EXISTS (SELECT 1 FROM open_subjects WHERE subject = OLD.subject)
BEGIN SELECT RAISE(ABORT, 'journal rows are never deleted'); END;
`;

/** Rows leave no gap. Events that an earlier journal has left unconfirmed are numbered up to 0, before this one's own. */
const numbering = `
CREATE TRIGGER rows_are_dense BEFORE INSERT ON rows
WHEN NEW.n IS NOT (SELECT coalesce(max(n), 0) + 1 FROM rows)
  OR NEW.seq <> (SELECT coalesce(max(seq), iif(NEW.kind = 'unsent', min(NEW.seq, 0) - 1, 0)) + 1 FROM rows
    WHERE seq IS NOT NULL)
  OR NEW.kind = 'unsent' AND NEW.seq > 0
BEGIN SELECT RAISE(ABORT, 'journal rows leave no gap'); END;
CREATE TRIGGER subject_opens AFTER INSERT ON rows WHEN NEW.seq > 0 AND NEW.final = 0
BEGIN INSERT OR IGNORE INTO open_subjects VALUES (NEW.subject); END;
CREATE TRIGGER subject_ends AFTER INSERT ON rows WHEN NEW.seq > 0 AND NEW.final = 1
BEGIN DELETE FROM open_subjects WHERE subject = NEW.subject; END;
`;

/** Makes an empty journal, inside one transaction. */
export const createSchema = `
CREATE TABLE meta (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  journal TEXT NOT NULL,
  salt BLOB NOT NULL
) STRICT;
CREATE TRIGGER meta_stays BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'the journal keeps its id'); END;
CREATE TRIGGER meta_lasts BEFORE DELETE ON meta BEGIN SELECT RAISE(ABORT, 'the journal keeps its id'); END;

CREATE TABLE rows (
  n INTEGER PRIMARY KEY,
  seq INTEGER,
  kind TEXT NOT NULL,
  subject TEXT,
  final INTEGER NOT NULL CHECK (final IN (0, 1)),
  body TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX rows_by_seq ON rows (seq) WHERE seq IS NOT NULL;
CREATE INDEX rows_by_subject ON rows (subject) WHERE subject IS NOT NULL;
CREATE TRIGGER rows_stay BEFORE UPDATE ON rows
BEGIN SELECT RAISE(ABORT, 'journal rows never change'); END;
CREATE TABLE open_subjects (subject TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
${numbering}
CREATE TABLE cursors (name TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
${segments}
PRAGMA application_id = ${APPLICATION_ID};
PRAGMA user_version = ${SCHEMA_VERSION};
`;

/** Columns of `rows` in the order that `storedRowOf` and the writer's INSERT name them. */
export const ROW_COLUMNS = "n, seq, kind, subject, final, body, hash";
