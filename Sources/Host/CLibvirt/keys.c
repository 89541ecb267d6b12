#include "library.h"

#include <stddef.h>
#include <stdlib.h>

static domain_ptr with_agent(connection_ptr connection, const char *name, int timeout) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return NULL;
    if (novella_virt.agent_timeout(domain, timeout, 0) == 0) return domain;
    novella_virt.free_domain(domain);
    return NULL;
}

int novella_virt_keys(
    void *connection, const char *name, int timeout, const char *user, novella_virt_text_fn callback, void *context,
    novella_virt_error *error) {
    char **keys = NULL;
    domain_ptr domain = with_agent(connection, name, timeout);
    if (domain == NULL) return novella_virt_fail(error);
    int count = novella_virt.keys(domain, user, &keys, 0);
    if (count < 0) novella_virt_fail(error);
    for (int at = 0; at < count; at++) {
        callback(context, keys[at]);
        free(keys[at]);
    }
    free(keys);
    novella_virt.free_domain(domain);
    return count < 0 ? -1 : 0;
}

int novella_virt_set_key(
    void *connection, const char *name, int timeout, const char *user, const char *key, int is_removal,
    novella_virt_error *error) {
    static const unsigned int append = 1, remove = 2;
    domain_ptr domain = with_agent(connection, name, timeout);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.set_keys(domain, user, &key, 1, is_removal ? remove : append);
    if (result < 0) novella_virt_fail(error);
    novella_virt.free_domain(domain);
    return result < 0 ? -1 : 0;
}
