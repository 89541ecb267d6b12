#ifndef NOVELLA_CPOSTGRES_H
#define NOVELLA_CPOSTGRES_H

/*
 * The few calls of libpq that are needed, looked up in libpq.so.5 when they are first used, so that nothing links
 * with it. A connection belongs to one thread. Texts are UTF-8 and end with NUL; parameters and answers are in
 * PostgreSQL's text form.
 */

typedef struct novella_pg_connection novella_pg_connection;
typedef struct novella_pg_result novella_pg_result;

/* `ExecStatusType` and `PGTransactionStatusType` as libpq has them. */
#define NOVELLA_PG_COMMAND_OK 1
#define NOVELLA_PG_TUPLES_OK 2
#define NOVELLA_PG_IDLE 0

#define NOVELLA_PG_INT8 20u
#define NOVELLA_PG_TEXT 25u

/* Loads the library. Safe to repeat, from any thread. NULL, or why it cannot be used. */
const char *novella_pg_load(void);

/* `keywords` and `values` end with NULL; a `dbname` may be a whole connection string. Never NULL but without memory. */
novella_pg_connection *novella_pg_connect(const char *const *keywords, const char *const *values);
void novella_pg_finish(novella_pg_connection *connection);
int novella_pg_is_connected(const novella_pg_connection *connection);
int novella_pg_transaction_status(const novella_pg_connection *connection);
/* Names no password. Valid until the next call on the connection. */
const char *novella_pg_connection_error(const novella_pg_connection *connection);

/* Each result, also one that tells of a failure, is given back with `clear`. NULL when there is no memory. */
novella_pg_result *novella_pg_execute(novella_pg_connection *connection, const char *sql);
novella_pg_result *novella_pg_prepare(
    novella_pg_connection *connection, const char *name, const char *sql, int count, const unsigned int *types);
novella_pg_result *novella_pg_execute_prepared(
    novella_pg_connection *connection, const char *name, int count, const char *const *values);
void novella_pg_clear(novella_pg_result *result);

int novella_pg_status(const novella_pg_result *result);
/* NULL when there is none, as after the loss of the connection. */
const char *novella_pg_sql_state(const novella_pg_result *result);
/* Without the detail, which may quote a whole row. */
const char *novella_pg_message(const novella_pg_result *result);
/* The number of rows a command changed, as text; empty for other commands. */
const char *novella_pg_rows_changed(novella_pg_result *result);
int novella_pg_row_count(const novella_pg_result *result);
int novella_pg_column_count(const novella_pg_result *result);
int novella_pg_is_null(const novella_pg_result *result, int row, int column);
const char *novella_pg_value(const novella_pg_result *result, int row, int column);
/* In bytes, without the NUL at the end. */
int novella_pg_length(const novella_pg_result *result, int row, int column);

#endif
