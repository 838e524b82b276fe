/*
 * Loaded before libc into a server under test (LD_PRELOAD): makes chosen file and socket calls fail, wait, or end the
 * process, at run time, without a line in the product. Owns: the interception. Must not know: what is tested.
 *
 * CORDBOARD_FAULTS names a file of eight rules of 128 bytes, mapped shared: the test changes them while we run.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { RULES = 8, TEXT = 104 };
enum { WRITE = 1, SYNC = 2, CREATE = 4, SEND = 8, RECEIVE = 16, HEADER = 32, READ = 64, OPEN = 128 };
enum { FAIL = 1, WAIT = 2, KILL_BEFORE = 3, KILL_AFTER = 4 };

struct rule {
    volatile uint32_t on, ops, action, value, skip, hits;
    volatile char text[TEXT];
};

static struct rule *rules;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("CORDBOARD_FAULTS");
    if (!path) return;
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open64");
    int fd = real(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *map = mmap(NULL, RULES * sizeof(struct rule), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map != MAP_FAILED) rules = map;
}

/* All parts of "a&b" are in the bytes. */
static int holds(const char *bytes, size_t length, const char *text) {
    while (*text) {
        size_t part = strcspn(text, "&");
        if (!memmem(bytes, length, text, part)) return 0;
        text += part;
        if (*text == '&') text++;
    }
    return 1;
}

static int wanted(uint32_t ops) {
    if (rules)
        for (int i = 0; i < RULES; i++)
            if (rules[i].on && (rules[i].ops & ops)) return 1;
    return 0;
}

/* The rule that counts for this call; delays are slept here. */
static struct rule *rule_for(uint32_t ops, const char *bytes, size_t length) {
    for (int i = 0; i < RULES; i++) {
        struct rule *rule = &rules[i];
        if (!rule->on || !(rule->ops & ops)) continue;
        char text[TEXT];
        memcpy(text, (const char *)rule->text, TEXT);
        text[TEXT - 1] = 0;
        if (!holds(bytes, length, text)) continue;
        if (__sync_fetch_and_add(&rule->hits, 1) < rule->skip) continue;
        if (rule->action == KILL_BEFORE) kill(getpid(), SIGKILL);
        if (rule->action == WAIT) {
            struct timespec pause = {rule->value / 1000, (rule->value % 1000) * 1000000L};
            nanosleep(&pause, NULL);
            continue;
        }
        return rule;
    }
    return NULL;
}

static struct rule *file_rule(uint32_t ops, int fd) {
    if (!wanted(ops)) return NULL;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path);
    return length > 0 && path[0] == '/' ? rule_for(ops, path, (size_t)length) : NULL;
}

static struct rule *bytes_rule(uint32_t ops, const void *bytes, size_t length) {
    return wanted(ops) ? rule_for(ops, bytes, length) : NULL;
}

#define REAL(name) \
    static __typeof__(&name) real; \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define FAILS(rule) ((rule) && (rule)->action == FAIL)
#define FAILED(rule) (errno = (int)(rule)->value, -1)
#define AFTER(rule) \
    if ((rule) && (rule)->action == KILL_AFTER) kill(getpid(), SIGKILL)

ssize_t write(int fd, const void *bytes, size_t length) {
    REAL(write);
    struct rule *rule = file_rule(WRITE, fd);
    if (FAILS(rule)) return FAILED(rule);
    ssize_t done = real(fd, bytes, length);
    AFTER(rule);
    return done;
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    struct rule *rule = file_rule(WRITE, fd);
    if (FAILS(rule)) return FAILED(rule);
    ssize_t done = real(fd, parts, count);
    AFTER(rule);
    return done;
}

#define PWRITE(name, offset_type) \
    ssize_t name(int fd, const void *bytes, size_t length, offset_type at) { \
        REAL(name); \
        struct rule *rule = file_rule(at == 0 && length == 44 ? WRITE | HEADER : WRITE, fd); \
        if (FAILS(rule)) return FAILED(rule); \
        ssize_t done = real(fd, bytes, length, at); \
        AFTER(rule); \
        return done; \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t read(int fd, void *bytes, size_t length) {
    REAL(read);
    struct rule *rule = file_rule(READ, fd);
    return FAILS(rule) ? FAILED(rule) : real(fd, bytes, length);
}

#define PREAD(name, offset_type) \
    ssize_t name(int fd, void *bytes, size_t length, offset_type at) { \
        REAL(name); \
        struct rule *rule = file_rule(READ, fd); \
        return FAILS(rule) ? FAILED(rule) : real(fd, bytes, length, at); \
    }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define SYNCING(name) \
    int name(int fd) { \
        REAL(name); \
        struct rule *rule = file_rule(SYNC, fd); \
        if (FAILS(rule)) return FAILED(rule); \
        int done = real(fd); \
        AFTER(rule); \
        return done; \
    }
SYNCING(fsync)
SYNCING(fdatasync)

#define OPENING(name) \
    int name(const char *path, int flags, ...) { \
        REAL(name); \
        va_list rest; \
        va_start(rest, flags); \
        mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0; \
        va_end(rest); \
        struct rule *rule = bytes_rule(flags & O_CREAT ? CREATE | OPEN : OPEN, path, strlen(path)); \
        if (FAILS(rule)) return FAILED(rule); \
        int done = real(path, flags, mode); \
        AFTER(rule); \
        return done; \
    }
OPENING(open)
OPENING(open64)

ssize_t sendto(int fd, const void *bytes, size_t length, int flags, const struct sockaddr *to, socklen_t size) {
    REAL(sendto);
    struct rule *rule = bytes_rule(SEND, bytes, length);
    if (FAILS(rule)) return FAILED(rule);
    ssize_t done = real(fd, bytes, length, flags, to, size);
    AFTER(rule);
    return done;
}

ssize_t recvfrom(int fd, void *bytes, size_t length, int flags, struct sockaddr *from, socklen_t *size) {
    REAL(recvfrom);
    ssize_t done = real(fd, bytes, length, flags, from, size);
    if (done > 0) {
        struct rule *rule = bytes_rule(RECEIVE, bytes, (size_t)done);
        AFTER(rule);
    }
    return done;
}
