#include "library.h"

#include <stdio.h>
#include <stdlib.h>

int novella_virt_run_events(void) {
    return novella_virt.run_events();
}

void *novella_virt_open(const char *uri, novella_virt_error *error) {
    connection_ptr connection = novella_virt.open(uri);
    if (connection == NULL) {
        novella_virt_fail(error);
        return NULL;
    }
    if (novella_virt.set_keep_alive(connection, 5, 5) < 0) {
        novella_virt_fail(error);
        novella_virt.close(connection);
        return NULL;
    }
    return connection;
}

int novella_virt_ref(void *connection) {
    return novella_virt.ref(connection);
}

void novella_virt_close(void *connection) {
    novella_virt.close(connection);
}

int novella_virt_is_alive(void *connection) {
    return novella_virt.is_alive(connection) == 1;
}

struct listener {
    novella_virt_event_fn callback;
    novella_virt_release_fn release;
    void *context;
};

static void release_listener(void *opaque) {
    struct listener *listener = opaque;
    listener->release(listener->context);
    free(listener);
}

static void on_lifecycle(connection_ptr connection, domain_ptr domain, int event, int detail, void *opaque) {
    struct listener *listener = opaque;
    const char *name = novella_virt.name(domain);
    (void)connection;
    if (name != NULL) listener->callback(listener->context, name, 0, event, detail);
}

static void on_reboot(connection_ptr connection, domain_ptr domain, void *opaque) {
    struct listener *listener = opaque;
    const char *name = novella_virt.name(domain);
    (void)connection;
    if (name != NULL) listener->callback(listener->context, name, 1, 0, 0);
}

static void on_job_end(connection_ptr connection, domain_ptr domain, void *params, int count, void *opaque) {
    struct listener *listener = opaque;
    const char *name = novella_virt.name(domain);
    (void)connection;
    (void)params;
    (void)count;
    if (name != NULL) listener->callback(listener->context, name, 2, 0, 0);
}

/* `callback` is cast back to its own type by libvirt, which knows it by `event`. */
static int listen_for(
    connection_ptr connection, int event, generic_fn callback, struct listener model, novella_virt_error *error) {
    struct listener *listener = malloc(sizeof *listener);
    if (listener == NULL) {
        model.release(model.context);
        error->code = 1;
        snprintf(error->message, sizeof error->message, "no memory");
        return -1;
    }
    *listener = model;
    if (novella_virt.register_any(connection, NULL, event, callback, listener, release_listener) >= 0) return 0;
    novella_virt_fail(error);
    release_listener(listener);
    return -1;
}

int novella_virt_listen(
    void *connection, novella_virt_event_fn callback, void *context, novella_virt_release_fn release,
    novella_virt_error *error) {
    static const int job_completed = 21;
    struct listener model = {callback, release, context};
    lifecycle_fn lifecycle = on_lifecycle;
    job_fn job_end = on_job_end;
    if (listen_for(connection, 0, (generic_fn)(void (*)(void))lifecycle, model, error) < 0) {
        release(context);
        release(context);
        return -1;
    }
    if (listen_for(connection, 1, on_reboot, model, error) < 0) {
        release(context);
        return -1;
    }
    return listen_for(connection, job_completed, (generic_fn)(void (*)(void))job_end, model, error);
}

int novella_virt_hypervisor_version(void *connection, unsigned long *version, novella_virt_error *error) {
    return novella_virt.version(connection, version) < 0 ? novella_virt_fail(error) : 0;
}

int novella_virt_daemon_version(void *connection, unsigned long *version, novella_virt_error *error) {
    return novella_virt.library_version(connection, version) < 0 ? novella_virt_fail(error) : 0;
}

/* 0 or -1 with libvirt's error left to be read. */
static int state_of(domain_ptr domain, int *state, int *reason) {
    static const int shut_off = 5;
    if (novella_virt.state(domain, state, reason, 0) < 0) return -1;
    if (*state != shut_off) return 0;
    int saved = novella_virt.has_save(domain, 0);
    if (saved < 0) return -1;
    if (saved == 1) *state = NOVELLA_VIRT_STATE_SUSPENDED;
    return 0;
}

int novella_virt_list(void *connection, novella_virt_domain_fn callback, void *context, novella_virt_error *error) {
    domain_ptr *domains = NULL;
    int count = novella_virt.list(connection, &domains, 0);
    if (count < 0) return novella_virt_fail(error);
    for (int index = 0; index < count; index++) {
        int state = 0, reason = 0;
        const char *name = novella_virt.name(domains[index]);
        /* A domain that went away since the list was made is left out. */
        if (name != NULL && state_of(domains[index], &state, &reason) == 0) callback(context, name, state);
        novella_virt.free_domain(domains[index]);
    }
    free(domains);
    return 0;
}

int novella_virt_state(
    void *connection, const char *name, int *state, int *reason, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = state_of(domain, state, reason) < 0 ? novella_virt_fail(error) : 0;
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_define(void *connection, const char *xml, novella_virt_error *error) {
    domain_ptr domain = novella_virt.define(connection, xml, 0);
    if (domain == NULL) return novella_virt_fail(error);
    novella_virt.free_domain(domain);
    return 0;
}

int novella_virt_description(
    void *connection, const char *name, novella_virt_text_fn callback, void *context, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    char *text = novella_virt.xml(domain, 0);
    int result = text == NULL ? novella_virt_fail(error) : 0;
    if (text != NULL) callback(context, text);
    free(text);
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_disk_errors(
    void *connection, const char *name, novella_virt_disk_fn callback, void *context, novella_virt_error *error) {
    static const int paused = 3, for_disk_error = 5;
    struct disk_error errors[64];
    int state = 0, reason = 0, count = 0;
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = state_of(domain, &state, &reason) < 0 ? novella_virt_fail(error) : 0;
    if (result == 0 && state == paused && reason == for_disk_error) {
        count = novella_virt.disk_errors(domain, errors, sizeof errors / sizeof *errors, 0);
        if (count < 0) result = novella_virt_fail(error);
    }
    for (int index = 0; index < count; index++) {
        callback(context, errors[index].target, errors[index].code);
        free(errors[index].target);
    }
    novella_virt.free_domain(domain);
    return result;
}

/* VIR_DOMAIN_AFFECT_LIVE */
static const unsigned int affect_live = 1;

int novella_virt_attach(void *connection, const char *name, const char *xml, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.attach(domain, xml, affect_live) < 0 ? novella_virt_fail(error) : 0;
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_detach(void *connection, const char *name, const char *alias, novella_virt_error *error) {
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    int result = novella_virt.detach(domain, alias, affect_live) < 0 ? novella_virt_fail(error) : 0;
    novella_virt.free_domain(domain);
    return result;
}

int novella_virt_act(void *connection, const char *name, novella_virt_action action, novella_virt_error *error) {
    /* Managed save, snapshot and checkpoint metadata, NVRAM and TPM state go with the domain. */
    static const unsigned int undefine_everything = 1 | 2 | 4 | 16 | 32;
    static const unsigned int save_as_running = 2;
    int result = -1;
    domain_ptr domain = novella_virt.lookup(connection, name);
    if (domain == NULL) return novella_virt_fail(error);
    switch (action) {
    case NOVELLA_VIRT_CREATE: result = novella_virt.create(domain); break;
    case NOVELLA_VIRT_SHUTDOWN: result = novella_virt.shutdown(domain, 0); break;
    case NOVELLA_VIRT_REBOOT: result = novella_virt.reboot(domain, 0); break;
    case NOVELLA_VIRT_DESTROY: result = novella_virt.destroy(domain); break;
    case NOVELLA_VIRT_UNDEFINE: result = novella_virt.undefine(domain, undefine_everything); break;
    case NOVELLA_VIRT_PAUSE: result = novella_virt.pause(domain); break;
    case NOVELLA_VIRT_UNPAUSE: result = novella_virt.unpause(domain); break;
    case NOVELLA_VIRT_SUSPEND: result = novella_virt.save(domain, save_as_running); break;
    case NOVELLA_VIRT_FORGET: result = novella_virt.forget_save(domain, 0); break;
    case NOVELLA_VIRT_NMI: result = novella_virt.inject_nmi(domain, 0); break;
    }
    if (result < 0) novella_virt_fail(error);
    novella_virt.free_domain(domain);
    return result < 0 ? -1 : 0;
}
