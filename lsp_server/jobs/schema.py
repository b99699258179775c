"""The journal's tables: what every version of this package that shares a state folder agrees on.

**Invariant:** tables, columns and an operation's fields are only ever added. Statements name their columns, so that an
older version goes on beside a newer one.
"""

from lsp_server.core.operation import FINISHED

# One more whenever the schema or the fields of an operation get something new; nothing is ever taken out or renamed.
VERSION = 1

FINISHED_STATES = ", ".join(f"'{state}'" for state in sorted(FINISHED))
_ENDED = "json_extract(data, '$.finished_at')"

# An index by its name: the planner does not know how few of the rows are wanted.
FINISHED_FIRST = (
    f"FROM operation INDEXED BY operation_finished WHERE project = ? AND state IN ({FINISHED_STATES})"
    f" ORDER BY {_ENDED} DESC, ticket DESC"
)

SCHEMA = f"""
CREATE TABLE IF NOT EXISTS operation (
    ticket INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    state TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_started TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS operation_unfinished ON operation (ticket) WHERE state NOT IN ({FINISHED_STATES});
CREATE INDEX IF NOT EXISTS operation_finished ON operation (project, {_ENDED}, ticket) WHERE state IN ({FINISHED_STATES});
CREATE TABLE IF NOT EXISTS change (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    state TEXT NOT NULL,
    operations TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_started TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS change_by_project ON change (project, state);
CREATE TABLE IF NOT EXISTS image (
    change INTEGER NOT NULL REFERENCES change (id) ON DELETE CASCADE,
    path TEXT NOT NULL,
    before BLOB,
    after BLOB
);
CREATE INDEX IF NOT EXISTS image_by_change ON image (change);
CREATE TABLE IF NOT EXISTS news (project TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TRIGGER IF NOT EXISTS operation_added AFTER INSERT ON operation BEGIN
    INSERT INTO news (project, number) VALUES (new.project, 1) ON CONFLICT (project) DO UPDATE SET number = number + 1;
END;
CREATE TRIGGER IF NOT EXISTS operation_moved AFTER UPDATE ON operation BEGIN
    INSERT INTO news (project, number) VALUES (new.project, 1) ON CONFLICT (project) DO UPDATE SET number = number + 1;
END;
CREATE TABLE IF NOT EXISTS cancellation (operation TEXT PRIMARY KEY);
CREATE TRIGGER IF NOT EXISTS cancellation_asked AFTER INSERT ON cancellation BEGIN
    UPDATE news SET number = number + 1 WHERE project = (SELECT project FROM operation WHERE id = new.operation);
END;
CREATE TRIGGER IF NOT EXISTS operation_ended AFTER UPDATE ON operation WHEN new.state IN ({FINISHED_STATES}) BEGIN
    DELETE FROM cancellation WHERE operation = new.id;
    DELETE FROM change WHERE state = 'buffered' AND EXISTS (SELECT 1 FROM json_each(operations) WHERE value = new.id);
END;
CREATE TABLE IF NOT EXISTS lost (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    path TEXT NOT NULL,
    since TEXT NOT NULL,
    text TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS lost_by_project ON lost (project);
CREATE TABLE IF NOT EXISTS guard (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    project TEXT NOT NULL,
    path TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_started TEXT NOT NULL,
    data TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS child (
    pid INTEGER NOT NULL,
    pid_started TEXT NOT NULL,
    owner INTEGER NOT NULL,
    owner_started TEXT NOT NULL
);
"""  # noqa: S608  only our own constants are put in
