/*
 * Whether journal_open() would take what is there, without taking it: nothing is written, no lock
 * is asked for, and a relay may be at work on it.
 */
#include "journal/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* SQLite's file format 1.3: what the first page begins with. */
enum { HEADER_BYTES = 100, USER_VERSION_AT = 60, APPLICATION_ID_AT = 68 };
#define SQLITE_MAGIC "SQLite format 3"

/* Whoever ran a relay as root once left files that its own user cannot open. */
static enum err_code check_access(const char *path, struct err *err)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", ".lock", ".guard"};
    char file[PATH_MAX];
    struct stat found;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (snprintf(file, sizeof file, "%s%s", path, suffixes[i]) >= (int)sizeof file)
            return err_set(err, ERR_LIMIT, "%s: the path is too long", path);
        if (stat(file, &found) != 0) {
            if (errno == ENOENT)
                continue;
            return err_errno(err, errno, "%s", file);
        }
        if (!S_ISREG(found.st_mode))
            return err_set(err, ERR_INVALID, "%s is no file; a path where one may be is wanted",
                           file);
        if (access(file, R_OK | W_OK) != 0)
            return err_set(err, ERR_IO,
                           "%s belongs to user %ld, mode %04o, and user %ld cannot read and write "
                           "it (chown %ld %s)",
                           file, (long)found.st_uid, (unsigned)found.st_mode & 07777,
                           (long)geteuid(), (long)geteuid(), file);
    }
    return OK;
}

static int64_t u32be_at(const unsigned char *bytes)
{
    return (int64_t)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

static enum err_code check_header(const char *path, struct err *err)
{
    unsigned char header[HEADER_BYTES] = {0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t got = fd < 0 ? -1 : read(fd, header, sizeof header);
    int reason = errno;
    if (fd >= 0)
        close(fd);
    if (got < 0)
        return err_errno(err, reason, "%s", path);
    int64_t application = u32be_at(header + APPLICATION_ID_AT),
            version = u32be_at(header + USER_VERSION_AT);
    if (got > 0 && (got < HEADER_BYTES || memcmp(header, SQLITE_MAGIC, sizeof SQLITE_MAGIC) != 0))
        return err_set(err, ERR_INVALID,
                       "%s is no SQLite database, so no journal; move it away, or name another "
                       "path",
                       path);
    /* A new one has its tables in the WAL alone until the first checkpoint. */
    enum err_code code =
        application || version ? schema_check_version(application, version, err) : OK;
    return code == OK ? OK : err_wrap(err, "%s", path);
}

/* What only SQL can tell, where nobody writes: SQLite then needs neither locks nor a WAL. */
static enum err_code check_content(const char *path, struct err *err)
{
    struct store store = {0};
    char uri[3 * PATH_MAX + 32];
    bool is_new = false;
    size_t len = (size_t)snprintf(uri, sizeof uri, "file:");
    for (const char *c = path; *c && len + 4 < sizeof uri - sizeof "?immutable=1"; c++)
        len += (size_t)snprintf(uri + len, 4, strchr("%?#", *c) ? "%%%02X" : "%c", *c);
    snprintf(uri + len, sizeof uri - len, "?immutable=1");
    int rc = sqlite3_open_v2(
        uri, &store.db,
        SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
    enum err_code code = rc == SQLITE_OK ? OK : store_fail(&store, rc, "open", err);
    if (code == OK)
        code = schema_check(&store, &is_new, err);
    sqlite3_close(store.db);
    return code == OK ? OK : err_wrap(err, "%s", path);
}

enum err_code journal_check(const char *path, struct err *err)
{
    char wal[PATH_MAX];
    enum err_code code = check_access(path, err);
    if (code != OK || access(path, F_OK) != 0)
        return code;
    code = check_header(path, err);
    snprintf(wal, sizeof wal, "%s-wal", path);
    /* With a WAL a relay is at work on it, or was killed: its next start looks at the rest. */
    return code != OK || access(wal, F_OK) == 0 ? code : check_content(path, err);
}
