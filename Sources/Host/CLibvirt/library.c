#include "library.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

struct library novella_virt;

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
    return find(library, "virInitialize", &novella_virt.initialize)
        || find(library, "virEventRegisterDefaultImpl", &novella_virt.register_events)
        || find(library, "virEventRunDefaultImpl", &novella_virt.run_events)
        || find(library, "virSetErrorFunc", &novella_virt.set_error_func)
        || find(library, "virGetLastError", &novella_virt.last_error)
        || find(library, "virConnectOpen", &novella_virt.open)
        || find(library, "virConnectRef", &novella_virt.ref)
        || find(library, "virConnectClose", &novella_virt.close)
        || find(library, "virConnectIsAlive", &novella_virt.is_alive)
        || find(library, "virConnectSetKeepAlive", &novella_virt.set_keep_alive)
        || find(library, "virConnectGetVersion", &novella_virt.version)
        || find(library, "virConnectGetLibVersion", &novella_virt.library_version)
        || find(library, "virConnectDomainEventRegisterAny", &novella_virt.register_any)
        || find(library, "virConnectListAllDomains", &novella_virt.list)
        || find(library, "virDomainLookupByName", &novella_virt.lookup)
        || find(library, "virDomainDefineXMLFlags", &novella_virt.define)
        || find(library, "virDomainFree", &novella_virt.free_domain)
        || find(library, "virDomainGetName", &novella_virt.name)
        || find(library, "virDomainGetState", &novella_virt.state)
        || find(library, "virDomainCreate", &novella_virt.create)
        || find(library, "virDomainShutdownFlags", &novella_virt.shutdown)
        || find(library, "virDomainReboot", &novella_virt.reboot)
        || find(library, "virDomainDestroy", &novella_virt.destroy)
        || find(library, "virDomainUndefineFlags", &novella_virt.undefine)
        || find(library, "virDomainSuspend", &novella_virt.pause)
        || find(library, "virDomainResume", &novella_virt.unpause)
        || find(library, "virDomainManagedSave", &novella_virt.save)
        || find(library, "virDomainHasManagedSaveImage", &novella_virt.has_save)
        || find(library, "virDomainManagedSaveRemove", &novella_virt.forget_save)
        || find(library, "virDomainAttachDeviceFlags", &novella_virt.attach)
        || find(library, "virDomainDetachDeviceAlias", &novella_virt.detach)
        || find(library, "virDomainGetXMLDesc", &novella_virt.xml)
        || find(library, "virDomainGetDiskErrors", &novella_virt.disk_errors)
        || find(library, "virDomainAgentSetResponseTimeout", &novella_virt.agent_timeout)
        || find(library, "virDomainFSFreeze", &novella_virt.freeze)
        || find(library, "virDomainFSThaw", &novella_virt.thaw)
        || find(library, "virDomainSetUserPassword", &novella_virt.set_password)
        || find(library, "virDomainInjectNMI", &novella_virt.inject_nmi)
        || find(library, "virDomainListGetStats", &novella_virt.stats)
        || find(library, "virDomainStatsRecordListFree", &novella_virt.free_stats)
        || find(library, "virDomainAuthorizedSSHKeysGet", &novella_virt.keys)
        || find(library, "virDomainAuthorizedSSHKeysSet", &novella_virt.set_keys)
        || find(library, "virDomainBackupBegin", &novella_virt.begin_backup)
        || find(library, "virDomainGetJobInfo", &novella_virt.job)
        || find(library, "virDomainGetJobStats", &novella_virt.job_stats)
        || find(library, "virTypedParamsFree", &novella_virt.free_params)
        || find(library, "virDomainAbortJob", &novella_virt.abort_job);
}

static void load_once(void) {
    void *library = dlopen("libvirt.so.0", RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) {
        const char *why = dlerror();
        snprintf(load_message, sizeof load_message, "%s", why ? why : "libvirt.so.0 cannot be opened");
        return;
    }
    if (find_all(library)) return;
    if (novella_virt.initialize() < 0 || novella_virt.register_events() < 0) {
        snprintf(load_message, sizeof load_message, "libvirt did not initialize");
        return;
    }
    /* Otherwise libvirt prints each error to standard error. */
    novella_virt.set_error_func(NULL, ignore_error);
    loaded = 1;
}

int novella_virt_fail(novella_virt_error *error) {
    struct vir_error *last = novella_virt.last_error();
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
