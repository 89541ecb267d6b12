#include "CLibvirt.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Opaque to us; libvirt's ABI for these calls has been stable since 0.10. */
typedef void *connection_ptr;
typedef void *domain_ptr;

/* The start of libvirt's virError, which is all that is read. */
struct vir_error {
    int code;
    int domain;
    char *message;
};

struct disk_error {
    char *target;
    int code;
};

typedef void (*lifecycle_fn)(connection_ptr, domain_ptr, int, int, void *);
typedef void (*generic_fn)(connection_ptr, domain_ptr, void *);

static struct {
    int (*initialize)(void);
    int (*register_events)(void);
    int (*run_events)(void);
    void (*set_error_func)(void *, void (*)(void *, struct vir_error *));
    struct vir_error *(*last_error)(void);
    connection_ptr (*open)(const char *);
    int (*ref)(connection_ptr);
    int (*close)(connection_ptr);
    int (*is_alive)(connection_ptr);
    int (*set_keep_alive)(connection_ptr, int, unsigned int);
    int (*version)(connection_ptr, unsigned long *);
    int (*library_version)(connection_ptr, unsigned long *);
    int (*register_any)(connection_ptr, domain_ptr, int, generic_fn, void *, novella_virt_release_fn);
    int (*list)(connection_ptr, domain_ptr **, unsigned int);
    domain_ptr (*lookup)(connection_ptr, const char *);
    domain_ptr (*define)(connection_ptr, const char *, unsigned int);
    int (*free_domain)(domain_ptr);
    const char *(*name)(domain_ptr);
    int (*state)(domain_ptr, int *, int *, unsigned int);
    int (*create)(domain_ptr);
    int (*shutdown)(domain_ptr, unsigned int);
    int (*reboot)(domain_ptr, unsigned int);
    int (*destroy)(domain_ptr);
    int (*undefine)(domain_ptr, unsigned int);
    int (*pause)(domain_ptr);
    int (*unpause)(domain_ptr);
    int (*save)(domain_ptr, unsigned int);
    int (*has_save)(domain_ptr, unsigned int);
    int (*forget_save)(domain_ptr, unsigned int);
    int (*attach)(domain_ptr, const char *, unsigned int);
    int (*detach)(domain_ptr, const char *, unsigned int);
    char *(*xml)(domain_ptr, unsigned int);
    int (*disk_errors)(domain_ptr, struct disk_error *, unsigned int, unsigned int);
} vir;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded = 0;
static char load_message[1024];

static void ignore_error(void *context, struct vir_error *error) {
    (void)context;
    (void)error;
}

static int find(void *library, const char *symbol, void *slot) {
    void *found = dlsym(library, symbol);
    if (found == NULL) {
        snprintf(load_message, sizeof load_message, "libvirt.so.0 has no %s", symbol);
        return -1;
    }
    memcpy(slot, &found, sizeof found);
    return 0;
}

static int find_all(void *library) {
    return find(library, "virInitialize", &vir.initialize)
        || find(library, "virEventRegisterDefaultImpl", &vir.register_events)
        || find(library, "virEventRunDefaultImpl", &vir.run_events)
        || find(library, "virSetErrorFunc", &vir.set_error_func)
        || find(library, "virGetLastError", &vir.last_error)
        || find(library, "virConnectOpen", &vir.open)
        || find(library, "virConnectRef", &vir.ref)
        || find(library, "virConnectClose", &vir.close)
        || find(library, "virConnectIsAlive", &vir.is_alive)
        || find(library, "virConnectSetKeepAlive", &vir.set_keep_alive)
        || find(library, "virConnectGetVersion", &vir.version)
        || find(library, "virConnectGetLibVersion", &vir.library_version)
        || find(library, "virConnectDomainEventRegisterAny", &vir.register_any)
        || find(library, "virConnectListAllDomains", &vir.list)
        || find(library, "virDomainLookupByName", &vir.lookup)
        || find(library, "virDomainDefineXMLFlags", &vir.define)
        || find(library, "virDomainFree", &vir.free_domain)
        || find(library, "virDomainGetName", &vir.name)
        || find(library, "virDomainGetState", &vir.state)
        || find(library, "virDomainCreate", &vir.create)
        || find(library, "virDomainShutdownFlags", &vir.shutdown)
        || find(library, "virDomainReboot", &vir.reboot)
        || find(library, "virDomainDestroy", &vir.destroy)
        || find(library, "virDomainUndefineFlags", &vir.undefine)
        || find(library, "virDomainSuspend", &vir.pause)
        || find(library, "virDomainResume", &vir.unpause)
        || find(library, "virDomainManagedSave", &vir.save)
        || find(library, "virDomainHasManagedSaveImage", &vir.has_save)
        || find(library, "virDomainManagedSaveRemove", &vir.forget_save)
        || find(library, "virDomainAttachDeviceFlags", &vir.attach)
        || find(library, "virDomainDetachDeviceAlias", &vir.detach)
        || find(library, "virDomainGetXMLDesc", &vir.xml)
        || find(library, "virDomainGetDiskErrors", &vir.disk_errors);
}

static void load_once(void) {
    void *library = dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        snprintf(load_message, sizeof load_message, "%s", why ? why : "libvirt.so.0 cannot be opened");
        return;
    }
    if (find_all(library)) return;
    if (vir.initialize() < 0 || vir.register_events() < 0) {
        snprintf(load_message, sizeof load_message, "libvirt did not initialize");
        return;
    }
    /* Otherwise libvirt prints each error to standard error. */
    vir.set_error_func(NULL, ignore_error);
    loaded = 1;
}

/* Fills in what went wrong on this thread, and gives back -1. */
static int fail(novella_virt_error *error) {
    struct vir_error *last = vir.last_error();
    error->code = last ? last->code : 1;
    snprintf(error->message, sizeof error->message, "%s", last && last->message ? last->message : "no reason given");
    return -1;
}

int novella_virt_load(novella_virt_error *error) {
    pthread_once(&once, load_once);
    if (loaded) return 0;
    error->code = NOVELLA_VIRT_NOT_LOADED;
    snprintf(error->message, sizeof error->message, "%s", load_message);
    return -1;
}

int novella_virt_run_events(void) {
    return vir.run_events();
}

void *novella_virt_open(const char *uri, novella_virt_error *error) {
    connection_ptr connection = vir.open(uri);
    if (connection == NULL) {
        fail(error);
        return NULL;
    }
    if (vir.set_keep_alive(connection, 5, 5) < 0) {
        fail(error);
        vir.close(connection);
        return NULL;
    }
    return connection;
}

int novella_virt_ref(void *connection) {
    return vir.ref(connection);
}

void novella_virt_close(void *connection) {
    vir.close(connection);
}

int novella_virt_is_alive(void *connection) {
    return vir.is_alive(connection) == 1;
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
    const char *name = vir.name(domain);
    (void)connection;
    if (name != NULL) listener->callback(listener->context, name, 0, event, detail);
}

static void on_reboot(connection_ptr connection, domain_ptr domain, void *opaque) {
    struct listener *listener = opaque;
    const char *name = vir.name(domain);
    (void)connection;
    if (name != NULL) listener->callback(listener->context, name, 1, 0, 0);
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
    if (vir.register_any(connection, NULL, event, callback, listener, release_listener) >= 0) return 0;
    fail(error);
    release_listener(listener);
    return -1;
}

int novella_virt_listen(
    void *connection, novella_virt_event_fn callback, void *context, novella_virt_release_fn release,
    novella_virt_error *error) {
    struct listener model = {callback, release, context};
    lifecycle_fn lifecycle = on_lifecycle;
    if (listen_for(connection, 0, (generic_fn)(void (*)(void))lifecycle, model, error) < 0) {
        release(context);
        return -1;
    }
    return listen_for(connection, 1, on_reboot, model, error);
}

int novella_virt_hypervisor_version(void *connection, unsigned long *version, novella_virt_error *error) {
    return vir.version(connection, version) < 0 ? fail(error) : 0;
}

int novella_virt_daemon_version(void *connection, unsigned long *version, novella_virt_error *error) {
    return vir.library_version(connection, version) < 0 ? fail(error) : 0;
}

/* 0 or -1 with libvirt's error left to be read. */
static int state_of(domain_ptr domain, int *state, int *reason) {
    static const int shut_off = 5;
    if (vir.state(domain, state, reason, 0) < 0) return -1;
    if (*state != shut_off) return 0;
    int saved = vir.has_save(domain, 0);
    if (saved < 0) return -1;
    if (saved == 1) *state = NOVELLA_VIRT_STATE_SUSPENDED;
    return 0;
}

int novella_virt_list(void *connection, novella_virt_domain_fn callback, void *context, novella_virt_error *error) {
    domain_ptr *domains = NULL;
    int count = vir.list(connection, &domains, 0);
    if (count < 0) return fail(error);
    for (int index = 0; index < count; index++) {
        int state = 0, reason = 0;
        const char *name = vir.name(domains[index]);
        /* A domain that went away since the list was made is left out. */
        if (name != NULL && state_of(domains[index], &state, &reason) == 0) callback(context, name, state);
        vir.free_domain(domains[index]);
    }
    free(domains);
    return 0;
}

int novella_virt_state(
    void *connection, const char *name, int *state, int *reason, novella_virt_error *error) {
    domain_ptr domain = vir.lookup(connection, name);
    if (domain == NULL) return fail(error);
    int result = state_of(domain, state, reason) < 0 ? fail(error) : 0;
    vir.free_domain(domain);
    return result;
}

int novella_virt_define(void *connection, const char *xml, novella_virt_error *error) {
    domain_ptr domain = vir.define(connection, xml, 0);
    if (domain == NULL) return fail(error);
    vir.free_domain(domain);
    return 0;
}

int novella_virt_description(
    void *connection, const char *name, novella_virt_text_fn callback, void *context, novella_virt_error *error) {
    domain_ptr domain = vir.lookup(connection, name);
    if (domain == NULL) return fail(error);
    char *text = vir.xml(domain, 0);
    int result = text == NULL ? fail(error) : 0;
    if (text != NULL) callback(context, text);
    free(text);
    vir.free_domain(domain);
    return result;
}

int novella_virt_disk_errors(
    void *connection, const char *name, novella_virt_disk_fn callback, void *context, novella_virt_error *error) {
    static const int paused = 3, for_disk_error = 5;
    struct disk_error errors[64];
    int state = 0, reason = 0, count = 0;
    domain_ptr domain = vir.lookup(connection, name);
    if (domain == NULL) return fail(error);
    int result = state_of(domain, &state, &reason) < 0 ? fail(error) : 0;
    if (result == 0 && state == paused && reason == for_disk_error) {
        count = vir.disk_errors(domain, errors, sizeof errors / sizeof *errors, 0);
        if (count < 0) result = fail(error);
    }
    for (int index = 0; index < count; index++) {
        callback(context, errors[index].target, errors[index].code);
        free(errors[index].target);
    }
    vir.free_domain(domain);
    return result;
}

/* VIR_DOMAIN_AFFECT_LIVE */
static const unsigned int affect_live = 1;

int novella_virt_attach(void *connection, const char *name, const char *xml, novella_virt_error *error) {
    domain_ptr domain = vir.lookup(connection, name);
    if (domain == NULL) return fail(error);
    int result = vir.attach(domain, xml, affect_live) < 0 ? fail(error) : 0;
    vir.free_domain(domain);
    return result;
}

int novella_virt_detach(void *connection, const char *name, const char *alias, novella_virt_error *error) {
    domain_ptr domain = vir.lookup(connection, name);
    if (domain == NULL) return fail(error);
    int result = vir.detach(domain, alias, affect_live) < 0 ? fail(error) : 0;
    vir.free_domain(domain);
    return result;
}

int novella_virt_act(void *connection, const char *name, novella_virt_action action, novella_virt_error *error) {
    /* Managed save, snapshot and checkpoint metadata, NVRAM and TPM state go with the domain. */
    static const unsigned int undefine_everything = 1 | 2 | 4 | 16 | 32;
    static const unsigned int save_as_running = 2;
    int result = -1;
    domain_ptr domain = vir.lookup(connection, name);
    if (domain == NULL) return fail(error);
    switch (action) {
    case NOVELLA_VIRT_CREATE: result = vir.create(domain); break;
    case NOVELLA_VIRT_SHUTDOWN: result = vir.shutdown(domain, 0); break;
    case NOVELLA_VIRT_REBOOT: result = vir.reboot(domain, 0); break;
    case NOVELLA_VIRT_DESTROY: result = vir.destroy(domain); break;
    case NOVELLA_VIRT_UNDEFINE: result = vir.undefine(domain, undefine_everything); break;
    case NOVELLA_VIRT_PAUSE: result = vir.pause(domain); break;
    case NOVELLA_VIRT_UNPAUSE: result = vir.unpause(domain); break;
    case NOVELLA_VIRT_SUSPEND: result = vir.save(domain, save_as_running); break;
    case NOVELLA_VIRT_FORGET: result = vir.forget_save(domain, 0); break;
    }
    if (result < 0) fail(error);
    vir.free_domain(domain);
    return result < 0 ? -1 : 0;
}
