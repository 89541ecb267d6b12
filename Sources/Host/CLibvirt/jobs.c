#include "library.h"

#include <stddef.h>

typedef int (*agent_fn)(domain_ptr, const char **, unsigned int, unsigned int);

/* The time limit is the connection's to the agent, which may be a new one each time. */
static int ask_agent(
    connection_ptr connection, const char *name, int timeout, agent_fn call, int *count, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.agent_timeout(domain, timeout, 0) < 0 ? -1 : call(domain, NULL, 0, 0);
    if (result < 0) novella_virt_fail(error);
    else *count = result;
    novella_virt.free_domain(domain);
    return result < 0 ? -1 : 0;
}

int novella_virt_freeze(
    void *connection, const char *name, int timeout, int *count, novella_virt_error *error) {
    return ask_agent(connection, name, timeout, novella_virt.freeze, count, error);
}

int novella_virt_thaw(
    void *connection, const char *name, int timeout, int *count, novella_virt_error *error) {
    return ask_agent(connection, name, timeout, novella_virt.thaw, count, error);
}

int novella_virt_set_password(
    void *connection, const char *name, int timeout, const char *user, const char *password,
    novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.agent_timeout(domain, timeout, 0);
    if (result == 0) result = novella_virt.set_password(domain, user, password, 0);
    if (result < 0) novella_virt_fail(error);
    novella_virt.free_domain(domain);
    return result < 0 ? -1 : 0;
}

/* 0 or -1 with libvirt's error left to be read. */
static int ended_job_of(domain_ptr domain, int *type) {
    static const unsigned int completed = 1;
    void *params = NULL;
    int count = 0;
    if (novella_virt.job_stats(domain, type, &params, &count, completed) < 0) return -1;
    novella_virt.free_params(params, count);
    return 0;
}

int novella_virt_begin_backup(void *connection, const char *name, const char *xml, novella_virt_error *error) {
    int earlier = 0;
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = ended_job_of(domain, &earlier);
    if (result == 0) result = novella_virt.begin_backup(domain, xml, NULL, 0);
    if (result < 0) result = novella_virt_fail(error);
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_job(
    void *connection, const char *name, int *type, unsigned long long *total, unsigned long long *processed,
    novella_virt_error *error) {
    struct job_info info = {0};
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.job(domain, &info) < 0 ? novella_virt_fail(error) : 0;
    *type = info.type;
    *total = info.file_total;
    *processed = info.file_processed;
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_ended_job(void *connection, const char *name, int *type, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = ended_job_of(domain, type) < 0 ? novella_virt_fail(error) : 0;
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_abort_job(void *connection, const char *name, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.abort_job(domain) < 0 ? novella_virt_fail(error) : 0;
    novella_virt.free_domain(domain);
    return result;
}
