// Some syncs do nothing: a control run with it has to lose what was acknowledged. CONTROL says whose, `log` (SQLite's)
// or `files` (images).
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int is_skipped(int descriptor) {
    char link[40], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t count = readlink(link, path, sizeof path - 1);
    const char *control = getenv("CONTROL");
    if (count < 4 || !control) return 0;
    path[count] = 0;
    return strcmp(control, "log") == 0 ? strcmp(path + count - 4, "-wal") == 0 : strstr(path, "/images") != NULL;
}

int fsync(int descriptor) { return is_skipped(descriptor) ? 0 : (int)syscall(SYS_fsync, descriptor); }

int fdatasync(int descriptor) { return is_skipped(descriptor) ? 0 : (int)syscall(SYS_fdatasync, descriptor); }
