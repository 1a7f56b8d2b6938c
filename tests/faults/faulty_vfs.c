#include "faulty_vfs.h"

#include <limits.h>
#include <pthread.h>
#include <sqlite3.h>

static struct {
    pthread_mutex_t mutex;
    unsigned calls, files;
    long after, count, hits;
    int code;
} plan = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static sqlite3_vfs *real_vfs;

struct file {
    sqlite3_file base;
    unsigned kind;
    sqlite3_file *real; /* behind this struct */
};

void fault_plan(unsigned calls, unsigned files, long after, long count, int code)
{
    pthread_mutex_lock(&plan.mutex);
    plan.calls = calls;
    plan.files = files;
    plan.after = after;
    plan.count = count;
    plan.hits = 0;
    plan.code = code;
    pthread_mutex_unlock(&plan.mutex);
}

void fault_none(void)
{
    fault_plan(0, 0, 0, 0, SQLITE_OK);
}

long fault_hits(void)
{
    pthread_mutex_lock(&plan.mutex);
    long hits = plan.hits;
    pthread_mutex_unlock(&plan.mutex);
    return hits;
}

static int fault_of(unsigned call, unsigned kind)
{
    int code = SQLITE_OK;

    pthread_mutex_lock(&plan.mutex);
    if ((plan.calls & call) && (plan.files & kind)) {
        if (plan.after > 0) {
            plan.after--;
        } else if (plan.count > 0) {
            plan.count--;
            plan.hits++;
            code = plan.code;
        }
    }
    pthread_mutex_unlock(&plan.mutex);
    return code;
}

static sqlite3_file *real_of(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    return real_of(file)->pMethods->xClose(real_of(file));
}

static int file_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    return real_of(file)->pMethods->xRead(real_of(file), out, len, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    int fault = fault_of(FAULT_WRITE, ((struct file *)file)->kind);

    if (fault != SQLITE_OK) {
        real_of(file)->pMethods->xWrite(real_of(file), bytes, len / 2, at);
        return fault;
    }
    return real_of(file)->pMethods->xWrite(real_of(file), bytes, len, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int file_sync(sqlite3_file *file, int flags)
{
    int fault = fault_of(FAULT_SYNC, ((struct file *)file)->kind);

    return fault != SQLITE_OK ? fault : real_of(file)->pMethods->xSync(real_of(file), flags);
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return real_of(file)->pMethods->xFileSize(real_of(file), size);
}

static int file_lock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int file_unlock(sqlite3_file *file, int level)
{
    return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int file_check_reserved(sqlite3_file *file, int *out)
{
    return real_of(file)->pMethods->xCheckReservedLock(real_of(file), out);
}

static int file_control(sqlite3_file *file, int op, void *argument)
{
    return real_of(file)->pMethods->xFileControl(real_of(file), op, argument);
}

static int file_sector_size(sqlite3_file *file)
{
    return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int file_characteristics(sqlite3_file *file)
{
    return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int file_shm_map(sqlite3_file *file, int page, int size, int extend, void volatile **out)
{
    return real_of(file)->pMethods->xShmMap(real_of(file), page, size, extend, out);
}

static int file_shm_lock(sqlite3_file *file, int offset, int n, int flags)
{
    return real_of(file)->pMethods->xShmLock(real_of(file), offset, n, flags);
}

static void file_shm_barrier(sqlite3_file *file)
{
    real_of(file)->pMethods->xShmBarrier(real_of(file));
}

static int file_shm_unmap(sqlite3_file *file, int remove)
{
    return real_of(file)->pMethods->xShmUnmap(real_of(file), remove);
}

/* Version 2: with shared memory for WAL, without memory mapping, so that every write is seen. */
static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector_size,
    .xDeviceCharacteristics = file_characteristics,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *out, int flags,
                    int *flags_out)
{
    struct file *file = (struct file *)out;

    (void)vfs;
    file->base.pMethods = NULL;
    file->real = (sqlite3_file *)(file + 1);
    file->kind = flags & SQLITE_OPEN_WAL ? FAULT_WAL : flags & SQLITE_OPEN_MAIN_DB ? FAULT_DB : 0;
    int fault = fault_of(FAULT_OPEN, file->kind);
    int rc =
        fault != SQLITE_OK ? fault : real_vfs->xOpen(real_vfs, name, file->real, flags, flags_out);
    if (rc == SQLITE_OK)
        file->base.pMethods = &methods;
    return rc;
}

void faulty_vfs_install(void)
{
    static sqlite3_vfs faulty;

    real_vfs = sqlite3_vfs_find(NULL);
    faulty = *real_vfs;
    faulty.zName = "faulty";
    faulty.pNext = NULL;
    faulty.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    faulty.xOpen = vfs_open;
    sqlite3_vfs_register(&faulty, 1);
}
