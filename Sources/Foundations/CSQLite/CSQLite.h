#ifndef NOVELLA_CSQLITE_H
#define NOVELLA_CSQLITE_H

#include <sqlite3.h>

/* Extended codes, which Swift does not read from their macros. */
static const int novella_sqlite_unique = SQLITE_CONSTRAINT_UNIQUE;
static const int novella_sqlite_primary_key = SQLITE_CONSTRAINT_PRIMARYKEY;
static const int novella_sqlite_check = SQLITE_CONSTRAINT_CHECK;
static const int novella_sqlite_not_null = SQLITE_CONSTRAINT_NOTNULL;
static const int novella_sqlite_foreign_key = SQLITE_CONSTRAINT_FOREIGNKEY;

/* Before the first connection. Without its figures of memory SQLite takes no lock for each piece of it. */
static inline int novella_sqlite_set_up(void) { return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); }

/* Before the first statement. Small pieces of memory come from one block: this many of 512 bytes each. */
static inline int novella_sqlite_set_small_pieces(sqlite3 *connection, int count) {
    return sqlite3_db_config(connection, SQLITE_DBCONFIG_LOOKASIDE, (void *)0, 512, count);
}

/* A text in double quotes is a name, and a name that is none is an error. `sqlite3_db_config` takes a variable list. */
static inline int novella_sqlite_refuse_quoted_texts(sqlite3 *connection) {
    int code = sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DML, 0, (int *)0);
    return code != SQLITE_OK ? code : sqlite3_db_config(connection, SQLITE_DBCONFIG_DQS_DDL, 0, (int *)0);
}

#endif
