/*
 * PATH.lock keeps a second relay out. PATH.guard is 40 bytes of shared memory on disk: they outlive
 * the process, not the machine, and need no system call per message.
 */
#include "journal/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

struct guard_file {
    _Atomic uint64_t set; /* last of the two to be written */
    struct digest digest;
};
_Static_assert(sizeof(struct guard_file) == 40, "the guard file has 40 bytes");

static const uint64_t GUARD_SET = UINT64_C(0x6b726f776e692020);
static const uint64_t GUARD_FAULT = UINT64_C(0x746c756166692020);

static enum err_code beside(char *out, const char *path, const char *suffix, struct err *err)
{
    int len = snprintf(out, PATH_MAX, "%s.%s", path, suffix);

    return len < PATH_MAX ? OK : err_set(err, ERR_LIMIT, "%s: the path is too long", path);
}

static enum err_code take_lock(struct guard *guard, const char *path, struct err *err)
{
    char file[PATH_MAX], pid[24] = "";
    if (beside(file, path, "lock", err) != OK)
        return ERR_LIMIT;

    guard->lock_fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (guard->lock_fd < 0)
        return err_errno(err, errno, "%s", file);
    if (flock(guard->lock_fd, LOCK_EX | LOCK_NB) == 0) {
        /* The number is for people; without room for it the lock holds all the same. */
        int len = snprintf(pid, sizeof pid, "%ld\n", (long)getpid());
        if (ftruncate(guard->lock_fd, 0) == 0 && pwrite(guard->lock_fd, pid, (size_t)len, 0) < 0)
            errno = 0;
        return OK;
    }
    int reason = errno;
    ssize_t len = pread(guard->lock_fd, pid, sizeof pid - 1, 0);
    pid[len > 0 ? len : 0] = '\0';
    pid[strcspn(pid, "\n")] = '\0';
    if (reason != EWOULDBLOCK)
        return err_errno(err, reason, "%s", file);
    return err_set(err, ERR_EXISTS, "%s is in use by process %s", path, pid[0] ? pid : "?");
}

static enum err_code map_guard(struct guard *guard, const char *path, struct err *err)
{
    char file[PATH_MAX];
    if (beside(file, path, "guard", err) != OK)
        return ERR_LIMIT;

    int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
    if (fd < 0)
        return err_errno(err, errno, "%s", file);
    /* A hole in the file would be a SIGBUS on a full disk. */
    int rc = posix_fallocate(fd, 0, sizeof(struct guard_file));
    void *map =
        rc == 0 ? mmap(NULL, sizeof(struct guard_file), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0)
                : MAP_FAILED;
    if (rc == 0 && map == MAP_FAILED)
        rc = errno;
    close(fd);
    if (rc != 0)
        return err_errno(err, rc, "%s", file);
    guard->map = map;
    return OK;
}

static unsigned weight_of(uint64_t set)
{
    return set == GUARD_FAULT ? JOURNAL_CRASH_FAULT : set == GUARD_SET ? JOURNAL_CRASH_KILLED : 0;
}

enum err_code guard_open(struct guard *guard, const char *path, unsigned *weight,
                         struct digest *digest, struct err *err)
{
    *guard = (struct guard){.lock_fd = -1};
    enum err_code code = take_lock(guard, path, err);
    if (code == OK)
        code = map_guard(guard, path, err);
    if (code != OK) {
        guard_close(guard);
        return code;
    }
    struct guard_file *file = guard->map;
    *weight = weight_of(atomic_load(&file->set));
    *digest = file->digest;
    return OK;
}

/* The files stay: removing a lock file would let two processes hold two locks. */
void guard_close(struct guard *guard)
{
    if (guard->map)
        munmap(guard->map, sizeof(struct guard_file));
    if (guard->lock_fd >= 0)
        close(guard->lock_fd);
    *guard = (struct guard){.lock_fd = -1};
}

void guard_set(struct guard *guard, const struct digest *digest)
{
    struct guard_file *file = guard->map;

    atomic_store(&file->set, 0);
    file->digest = *digest;
    atomic_store(&file->set, GUARD_SET);
}

void guard_clear(struct guard *guard)
{
    struct guard_file *file = guard->map;

    atomic_store(&file->set, 0);
}

/* Nothing but lock-free atomics: a signal handler calls it. */
void guard_fault(struct guard *guard)
{
    struct guard_file *file = guard->map;
    uint64_t set = GUARD_SET;

    atomic_compare_exchange_strong(&file->set, &set, GUARD_FAULT);
}
