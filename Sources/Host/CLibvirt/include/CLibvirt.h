#ifndef NOVELLA_CLIBVIRT_H
#define NOVELLA_CLIBVIRT_H

/*
 * The few calls of libvirt that are needed, looked up in libvirt.so.0 when they are first used, so that nothing
 * links with it. A domain is named in each call and looked up inside it: no domain pointer leaves a call. Errors are
 * read on the thread that made the call, which is where libvirt keeps them.
 */

#define NOVELLA_VIRT_NO_DOMAIN 42
#define NOVELLA_VIRT_INVALID_OPERATION 55
#define NOVELLA_VIRT_AGENT_SILENT 86
#define NOVELLA_VIRT_NOT_LOADED (-1)

/* In the place of libvirt's "shut off": with its memory in a file. */
#define NOVELLA_VIRT_STATE_SUSPENDED 100

typedef struct novella_virt_error {
    int code;
    char message[1024];
} novella_virt_error;

typedef enum novella_virt_action {
    NOVELLA_VIRT_CREATE = 0,
    NOVELLA_VIRT_SHUTDOWN = 1,
    NOVELLA_VIRT_REBOOT = 2,
    NOVELLA_VIRT_DESTROY = 3,
    NOVELLA_VIRT_UNDEFINE = 4,
    NOVELLA_VIRT_PAUSE = 5,
    NOVELLA_VIRT_UNPAUSE = 6,
    /* Into a file, from which CREATE brings it back running. */
    NOVELLA_VIRT_SUSPEND = 7,
    NOVELLA_VIRT_FORGET = 8,
    /* A non-maskable interrupt, of which a guest's kernel makes a crash dump where it is set up so. */
    NOVELLA_VIRT_NMI = 9
} novella_virt_action;

/* `kind` is 0 for a change of life (`event`, `detail` as libvirt has them), 1 for a restart, and 2 for a job that has
 * ended. */
typedef void (*novella_virt_event_fn)(void *context, const char *name, int kind, int event, int detail);
typedef void (*novella_virt_release_fn)(void *context);
typedef void (*novella_virt_domain_fn)(void *context, const char *name, int state);
typedef void (*novella_virt_text_fn)(void *context, const char *text);
typedef void (*novella_virt_disk_fn)(void *context, const char *target, int code);
/* `text` is NULL where the field is a number. */
typedef void (*novella_virt_stat_fn)(void *context, const char *field, long long number, const char *text);

/* Loads the library, and its event loop before any connection. Safe to repeat, from any thread. 0 or -1. */
int novella_virt_load(novella_virt_error *error);
/* One round of the event loop; blocks until something happens. For a thread that does nothing else. */
int novella_virt_run_events(void);

void *novella_virt_open(const char *uri, novella_virt_error *error);
/* Each connection taken with `open` or `ref` is given back with `close`. */
int novella_virt_ref(void *connection);
void novella_virt_close(void *connection);
int novella_virt_is_alive(void *connection);
/* Takes over three references to `context`; `release` is called once for each, also when this fails. */
int novella_virt_listen(
    void *connection, novella_virt_event_fn callback, void *context, novella_virt_release_fn release,
    novella_virt_error *error);
/* Versions are major * 1,000,000 + minor * 1,000 + release. */
int novella_virt_daemon_version(void *connection, unsigned long *version, novella_virt_error *error);
int novella_virt_hypervisor_version(void *connection, unsigned long *version, novella_virt_error *error);

int novella_virt_list(void *connection, novella_virt_domain_fn callback, void *context, novella_virt_error *error);
int novella_virt_state(
    void *connection, const char *name, int *state, int *reason, novella_virt_error *error);
int novella_virt_define(void *connection, const char *xml, novella_virt_error *error);
/* The domain as it is now, XML. */
int novella_virt_description(
    void *connection, const char *name, novella_virt_text_fn callback, void *context, novella_virt_error *error);
/* Of a domain that libvirt has paused for errors of its disks, each such disk by its target, with a
 * virDomainDiskErrorCode; of any other, none: libvirt goes on telling of an error that is over. */
int novella_virt_disk_errors(
    void *connection, const char *name, novella_virt_disk_fn callback, void *context, novella_virt_error *error);
/* To and from a running domain; a guest lets go of a device some time after this has returned, or never. */
int novella_virt_attach(void *connection, const char *name, const char *xml, novella_virt_error *error);
int novella_virt_detach(void *connection, const char *name, const char *alias, novella_virt_error *error);
/* By the agent in the guest, which is given `timeout` seconds to answer; `count` is that of the file systems. */
int novella_virt_freeze(
    void *connection, const char *name, int timeout, int *count, novella_virt_error *error);
int novella_virt_thaw(
    void *connection, const char *name, int timeout, int *count, novella_virt_error *error);
int novella_virt_set_password(
    void *connection, const char *name, int timeout, const char *user, const char *password,
    novella_virt_error *error);
/* Figures of a domain's processors, memory, NICs and disks, by the names that `virsh domstats` has. */
int novella_virt_stats(
    void *connection, const char *name, novella_virt_stat_fn callback, void *context, novella_virt_error *error);
/* The lines of a user's authorized_keys, by the agent in the guest; an error where the user has no such file. */
int novella_virt_keys(
    void *connection, const char *name, int timeout, const char *user, novella_virt_text_fn callback, void *context,
    novella_virt_error *error);
/* Adds a line to them, or removes it. */
int novella_virt_set_key(
    void *connection, const char *name, int timeout, const char *user, const char *key, int is_removal,
    novella_virt_error *error);
/* Of a running domain. Forgets how an earlier job of the domain has ended. */
int novella_virt_begin_backup(void *connection, const char *name, const char *xml, novella_virt_error *error);
/* `type` is a virDomainJobType, 0 where no job is under way; the bytes are those of disks. */
int novella_virt_job(
    void *connection, const char *name, int *type, unsigned long long *total, unsigned long long *processed,
    novella_virt_error *error);
/* How the domain's last job has ended, a virDomainJobType; 0 where nobody knows. Tells it once. */
int novella_virt_ended_job(void *connection, const char *name, int *type, novella_virt_error *error);
int novella_virt_abort_job(void *connection, const char *name, novella_virt_error *error);
int novella_virt_act(void *connection, const char *name, novella_virt_action action, novella_virt_error *error);

#endif
