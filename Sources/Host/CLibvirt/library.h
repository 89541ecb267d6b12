#ifndef NOVELLA_CLIBVIRT_LIBRARY_H
#define NOVELLA_CLIBVIRT_LIBRARY_H

#include "CLibvirt.h"

/* What the calls of this room share: libvirt's functions, found when it was loaded. */

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

/* virDomainJobInfo */
struct job_info {
    int type;
    unsigned long long elapsed, remaining;
    unsigned long long data_total, data_processed, data_remaining;
    unsigned long long memory_total, memory_processed, memory_remaining;
    unsigned long long file_total, file_processed, file_remaining;
};

/* virTypedParameter */
struct typed_parameter {
    char field[80];
    int type;
    union {
        int number;
        unsigned int natural;
        long long big;
        unsigned long long big_natural;
        double real;
        char flag;
        char *text;
    } value;
};

/* virDomainStatsRecord */
struct stats_record {
    domain_ptr domain;
    struct typed_parameter *params;
    int count;
};

typedef void (*job_fn)(connection_ptr, domain_ptr, void *, int, void *);
typedef void (*lifecycle_fn)(connection_ptr, domain_ptr, int, int, void *);
typedef void (*generic_fn)(connection_ptr, domain_ptr, void *);

struct library {
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
    int (*agent_timeout)(domain_ptr, int, unsigned int);
    int (*freeze)(domain_ptr, const char **, unsigned int, unsigned int);
    int (*thaw)(domain_ptr, const char **, unsigned int, unsigned int);
    int (*set_password)(domain_ptr, const char *, const char *, unsigned int);
    int (*inject_nmi)(domain_ptr, unsigned int);
    int (*stats)(domain_ptr *, unsigned int, struct stats_record ***, unsigned int);
    void (*free_stats)(struct stats_record **);
    int (*keys)(domain_ptr, const char *, char ***, unsigned int);
    int (*set_keys)(domain_ptr, const char *, const char **, unsigned int, unsigned int);
    int (*begin_backup)(domain_ptr, const char *, const char *, unsigned int);
    int (*job)(domain_ptr, struct job_info *);
    int (*job_stats)(domain_ptr, int *, void **, int *, unsigned int);
    void (*free_params)(void *, int);
    int (*abort_job)(domain_ptr);
};

extern struct library novella_virt;

/* Fills in what went wrong on this thread, and gives back -1. */
int novella_virt_fail(novella_virt_error *error);

#endif
