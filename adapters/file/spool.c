#include "adapters/file/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SPOOL_NAMES_MAX = 10000 };

/* mkdir -p of everything before the last slash. */
static int make_folders(int folder_fd, const char *path)
{
    char part[PATH_MAX];
    for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
        snprintf(part, sizeof part, "%.*s", (int)(slash - path), path);
        if (mkdirat(folder_fd, part, 0755) != 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

enum err_code spool_move(int folder_fd, const char *path, const char *where, struct err *err)
{
    char target[PATH_MAX];
    for (int n = 0; n < SPOOL_NAMES_MAX; n++) {
        int len = n == 0 ? snprintf(target, sizeof target, "%s/%s", where, path)
                         : snprintf(target, sizeof target, "%s/%s.%d", where, path, n);
        if (len < 0 || (size_t)len >= sizeof target)
            return err_set(err, ERR_LIMIT, "%s: the name is too long for %s/", path, where);
        if (n == 0 && make_folders(folder_fd, target) != 0)
            return err_errno(err, errno, "%s/ cannot be made", where);
        if (renameat2(folder_fd, path, folder_fd, target, RENAME_NOREPLACE) == 0)
            return OK;
        if (errno == ENOENT)
            return err_set(err, ERR_NOT_FOUND, "%s: is gone", path);
        if (errno != EEXIST)
            return err_errno(err, errno, "%s cannot be moved to %s/", path, where);
    }
    return err_set(err, ERR_EXISTS, "%s: no free name is left in %s/", path, where);
}
