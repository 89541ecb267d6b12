#include "CPostgres.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

/* libpq's ABI for these calls has been stable since 9.0. */
typedef novella_pg_connection connection;
typedef novella_pg_result result;

static struct {
    connection *(*connect)(const char *const *, const char *const *, int);
    void (*finish)(connection *);
    int (*connection_status)(const connection *);
    int (*transaction_status)(const connection *);
    const char *(*connection_error)(const connection *);
    void (*(*set_notice_processor)(connection *, void (*)(void *, const char *), void *))(void *, const char *);
    result *(*execute)(connection *, const char *);
    result *(*prepare)(connection *, const char *, const char *, int, const unsigned int *);
    result *(*execute_prepared)(
        connection *, const char *, int, const char *const *, const int *, const int *, int);
    void (*clear)(result *);
    int (*status)(const result *);
    const char *(*error_field)(const result *, int);
    const char *(*message)(const result *);
    const char *(*rows_changed)(result *);
    int (*row_count)(const result *);
    int (*column_count)(const result *);
    int (*is_null)(const result *, int, int);
    const char *(*value)(const result *, int, int);
    int (*length)(const result *, int, int);
} pq;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded = 0;
static char load_message[1024];

static int find(void *library, const char *symbol, void *slot) {
    void *found = dlsym(library, symbol);
    if (found == NULL) {
        snprintf(load_message, sizeof load_message, "libpq.so.5 has no %s", symbol);
        return -1;
    }
    memcpy(slot, &found, sizeof found);
    return 0;
}

static int find_all(void *library) {
    return find(library, "PQconnectdbParams", &pq.connect)
        || find(library, "PQfinish", &pq.finish)
        || find(library, "PQstatus", &pq.connection_status)
        || find(library, "PQtransactionStatus", &pq.transaction_status)
        || find(library, "PQerrorMessage", &pq.connection_error)
        || find(library, "PQsetNoticeProcessor", &pq.set_notice_processor)
        || find(library, "PQexec", &pq.execute)
        || find(library, "PQprepare", &pq.prepare)
        || find(library, "PQexecPrepared", &pq.execute_prepared)
        || find(library, "PQclear", &pq.clear)
        || find(library, "PQresultStatus", &pq.status)
        || find(library, "PQresultErrorField", &pq.error_field)
        || find(library, "PQresultErrorMessage", &pq.message)
        || find(library, "PQcmdTuples", &pq.rows_changed)
        || find(library, "PQntuples", &pq.row_count)
        || find(library, "PQnfields", &pq.column_count)
        || find(library, "PQgetisnull", &pq.is_null)
        || find(library, "PQgetvalue", &pq.value)
        || find(library, "PQgetlength", &pq.length);
}

static void load_once(void) {
    void *library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        snprintf(load_message, sizeof load_message, "%s", why ? why : "libpq.so.5 cannot be opened");
        return;
    }
    if (find_all(library) == 0) loaded = 1;
}

const char *novella_pg_load(void) {
    pthread_once(&once, load_once);
    return loaded ? NULL : load_message;
}

/* Otherwise libpq prints each notice to standard error. */
static void ignore_notice(void *context, const char *message) {
    (void)context;
    (void)message;
}

novella_pg_connection *novella_pg_connect(const char *const *keywords, const char *const *values) {
    connection *made = pq.connect(keywords, values, 1);
    if (made != NULL) pq.set_notice_processor(made, ignore_notice, NULL);
    return made;
}

void novella_pg_finish(novella_pg_connection *connection) {
    pq.finish(connection);
}

int novella_pg_is_connected(const novella_pg_connection *connection) {
    return pq.connection_status(connection) == 0;
}

int novella_pg_transaction_status(const novella_pg_connection *connection) {
    return pq.transaction_status(connection);
}

const char *novella_pg_connection_error(const novella_pg_connection *connection) {
    return pq.connection_error(connection);
}

novella_pg_result *novella_pg_execute(novella_pg_connection *connection, const char *sql) {
    return pq.execute(connection, sql);
}

novella_pg_result *novella_pg_prepare(
    novella_pg_connection *connection, const char *name, const char *sql, int count, const unsigned int *types) {
    return pq.prepare(connection, name, sql, count, types);
}

novella_pg_result *novella_pg_execute_prepared(
    novella_pg_connection *connection, const char *name, int count, const char *const *values) {
    return pq.execute_prepared(connection, name, count, values, NULL, NULL, 0);
}

void novella_pg_clear(novella_pg_result *result) {
    pq.clear(result);
}

int novella_pg_status(const novella_pg_result *result) {
    return pq.status(result);
}

const char *novella_pg_sql_state(const novella_pg_result *result) {
    return pq.error_field(result, 'C');
}

const char *novella_pg_message(const novella_pg_result *result) {
    const char *primary = pq.error_field(result, 'M');
    return primary != NULL ? primary : pq.message(result);
}

const char *novella_pg_rows_changed(novella_pg_result *result) {
    return pq.rows_changed(result);
}

int novella_pg_row_count(const novella_pg_result *result) {
    return pq.row_count(result);
}

int novella_pg_column_count(const novella_pg_result *result) {
    return pq.column_count(result);
}

int novella_pg_is_null(const novella_pg_result *result, int row, int column) {
    return pq.is_null(result, row, column);
}

const char *novella_pg_value(const novella_pg_result *result, int row, int column) {
    return pq.value(result, row, column);
}

int novella_pg_length(const novella_pg_result *result, int row, int column) {
    return pq.length(result, row, column);
}
