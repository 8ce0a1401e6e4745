/* A disk that can lose power, put between a program and its files by LD_PRELOAD.
 *
 * It watches the files under DISK_ROOT. At the DISK_CRASH_AT-th change it does half of that change and ends the
 * process as kill -9 would. DISK_ROOT is then what the system's cache held.
 *
 * DISK_SHADOW is what the platters held: a file gets there by fsync or fdatasync, and of what was written since,
 * at the crash, each write is there or not by the toss of a coin (DISK_SEED). Names are durable at once, as on a
 * journaling file system.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PENDING 65536
struct pending { char *path; char *data; size_t length; off_t at; };
static struct pending pending[PENDING];
static size_t pending_count;
static long changes, crash_at = -2;
static unsigned long seed;
static char root[4096], shadow[4096];
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void begin(void) {
    if (crash_at != -2) return;
    const char *at = getenv("DISK_CRASH_AT"), *r = getenv("DISK_ROOT"), *s = getenv("DISK_SHADOW"), *d = getenv("DISK_SEED");
    crash_at = at && r && s ? atol(at) : -1;
    if (r) snprintf(root, sizeof root, "%s", r);
    if (s) snprintf(shadow, sizeof shadow, "%s", s);
    seed = d ? strtoul(d, NULL, 10) : 1;
}

static int toss(void) {
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return (seed >> 40) & 1;
}

/* The place in the shadow for a watched path. */
static int shadowed(const char *path, char *out, size_t size) {
    begin();
    size_t n = strlen(root);
    if (crash_at < 0 || n == 0 || strncmp(path, root, n) != 0 || (path[n] != '/' && path[n] != 0)) return 0;
    snprintf(out, size, "%s%s", shadow, path + n);
    return 1;
}

static int watched(int fd, char *path, size_t size) {
    begin();
    if (crash_at < 0) return 0;
    char link[64], place[8192];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, size - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    return shadowed(path, place, sizeof place);
}

static void write_shadow(const char *path, const char *data, size_t length, off_t at) {
    char place[8192];
    if (!shadowed(path, place, sizeof place)) return;
    int fd = syscall(SYS_openat, AT_FDCWD, place, O_WRONLY | O_CREAT, 0600);
    if (fd < 0) return;
    while (length > 0) {
        ssize_t n = syscall(SYS_pwrite64, fd, data, length, at);
        if (n <= 0) break;
        data += n, at += n, length -= n;
    }
    syscall(SYS_close, fd);
}

static void note(const char *path, const char *data, size_t length, off_t at) {
    if (pending_count == PENDING) _exit(99);
    struct pending *p = &pending[pending_count++];
    p->path = strdup(path), p->data = malloc(length ? length : 1), p->length = length, p->at = at;
    memcpy(p->data, data, length);
}

static void forget(const char *path) {
    size_t kept = 0;
    for (size_t i = 0; i < pending_count; i++) {
        if (strcmp(pending[i].path, path) == 0) { free(pending[i].path); free(pending[i].data); }
        else pending[kept++] = pending[i];
    }
    pending_count = kept;
}

static void settle(const char *path) {
    char place[8192], buffer[65536];
    struct stat s;
    if (!shadowed(path, place, sizeof place) || stat(path, &s) != 0 || !S_ISREG(s.st_mode)) return;
    for (size_t i = 0; i < pending_count; i++)
        if (strcmp(pending[i].path, path) == 0)
            write_shadow(path, pending[i].data, pending[i].length, pending[i].at);
    int from = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY), fresh = access(place, F_OK);
    if (fresh != 0)
        for (off_t at = 0;;) {
            ssize_t n = syscall(SYS_pread64, from, buffer, sizeof buffer, at);
            if (n <= 0) break;
            write_shadow(path, buffer, n, at);
            at += n;
        }
    syscall(SYS_close, from);
    int to = syscall(SYS_openat, AT_FDCWD, place, O_WRONLY | O_CREAT, 0600);
    syscall(SYS_ftruncate, to, s.st_size);
    syscall(SYS_close, to);
    forget(path);
}

static void power_cut(void) {
    for (size_t i = 0; i < pending_count; i++)
        if (toss()) write_shadow(pending[i].path, pending[i].data, pending[i].length, pending[i].at);
    _exit(137);
}

/* Counts a change; at the crash says so, and the caller does half. */
static int last(void) { return ++changes == crash_at; }

static ssize_t put(int fd, const void *data, size_t length, off_t at, int positioned) {
    char path[4096];
    if (!watched(fd, path, sizeof path))
        return positioned ? syscall(SYS_pwrite64, fd, data, length, at) : syscall(SYS_write, fd, data, length);
    pthread_mutex_lock(&lock);
    int crash = last();
    if (crash) length /= 2;
    if (!positioned) at = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    ssize_t n = positioned ? syscall(SYS_pwrite64, fd, data, length, at) : syscall(SYS_write, fd, data, length);
    if (n > 0) note(path, data, n, at);
    if (crash) power_cut();
    pthread_mutex_unlock(&lock);
    return n;
}

ssize_t write(int fd, const void *data, size_t length) { return put(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return put(fd, data, length, at, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) { return put(fd, data, length, at, 1); }

static int sync_file(int fd, long call) {
    char path[4096];
    if (!watched(fd, path, sizeof path)) return syscall(call, fd);
    pthread_mutex_lock(&lock);
    if (last()) power_cut();
    settle(path);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return sync_file(fd, SYS_fsync); }
int fdatasync(int fd) { return sync_file(fd, SYS_fdatasync); }
/* Promises nothing, as its manual says. */
int sync_file_range(int fd, off_t at, off_t length, unsigned flags) { (void)fd, (void)at, (void)length, (void)flags; return 0; }

int ftruncate64(int fd, off_t length) {
    char path[4096];
    if (watched(fd, path, sizeof path)) {
        pthread_mutex_lock(&lock);
        if (last()) power_cut();
        pthread_mutex_unlock(&lock);
    }
    return syscall(SYS_ftruncate, fd, length);
}
int ftruncate(int fd, off_t length) { return ftruncate64(fd, length); }

int rename(const char *from, const char *to) {
    char a[8192], b[8192];
    if (shadowed(from, a, sizeof a) && shadowed(to, b, sizeof b)) {
        pthread_mutex_lock(&lock);
        if (last()) power_cut();
        syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 0);
        forget(to);
        for (size_t i = 0; i < pending_count; i++)
            if (strcmp(pending[i].path, from) == 0) { free(pending[i].path); pending[i].path = strdup(to); }
        pthread_mutex_unlock(&lock);
    }
    return syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
    char place[8192];
    if (shadowed(path, place, sizeof place)) {
        pthread_mutex_lock(&lock);
        if (last()) power_cut();
        syscall(SYS_unlinkat, AT_FDCWD, place, 0);
        forget(path);
        pthread_mutex_unlock(&lock);
    }
    return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int mkdir(const char *path, mode_t mode) {
    char place[8192];
    if (shadowed(path, place, sizeof place)) syscall(SYS_mkdirat, AT_FDCWD, place, mode);
    return syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}
