#include "adapters/read_whole.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

const char *read_whole_why_not(const struct stat *st)
{
    return S_ISLNK(st->st_mode)   ? "is a link, and links are not followed"
           : S_ISDIR(st->st_mode) ? "is a folder"
                                  : "is no regular file";
}

static enum err_code open_file(int folder_fd, const char *path, int *fd, struct err *err)
{
    /* NONBLOCK: somebody may have put a pipe in its place. */
    *fd = openat(folder_fd, path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (*fd >= 0)
        return OK;
    if (errno == ENOENT)
        return err_set(err, ERR_NOT_FOUND, "is gone");
    if (errno == ELOOP)
        return err_set(err, ERR_INVALID, "is a link, and links are not followed");
    return err_errno(err, errno, "cannot be opened");
}

/* Until there are `size` bytes, or the end. */
static enum err_code read_bytes(int fd, char *bytes, size_t size, size_t *got, struct err *err)
{
    ssize_t n = 1;
    *got = 0;
    while (n > 0 && *got < size) {
        n = read(fd, bytes + *got, size - *got);
        *got += n > 0 ? (size_t)n : 0;
    }
    return n < 0 ? err_errno(err, errno, "cannot be read") : OK;
}

static bool differ(const struct stat *a, const struct stat *b)
{
    return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
           a->st_mtim.tv_nsec != b->st_mtim.tv_nsec;
}

static enum err_code read_open(int fd, bool cut, char **out, size_t *len, struct stat *st,
                               struct err *err)
{
    struct stat after;
    if (fstat(fd, st) != 0)
        return err_errno(err, errno, "cannot be looked at");
    if (!S_ISREG(st->st_mode))
        return err_set(err, ERR_INVALID, "%s", read_whole_why_not(st));
    bool large = st->st_size > READ_WHOLE_MAX;
    if (large && !cut)
        return err_set(err, ERR_LIMIT, "is larger than 8 MiB: refused without reading it");
    size_t wanted = large ? READ_WHOLE_MAX + 1 : (size_t)st->st_size;
    /* One byte more, so that growth is seen. */
    *out = mem_alloc(wanted + 1);
    enum err_code code = read_bytes(fd, *out, large ? wanted : wanted + 1, len, err);
    if (code == OK && fstat(fd, &after) != 0)
        code = err_errno(err, errno, "cannot be looked at");
    if (code == OK && (differ(st, &after) || *len != wanted))
        code = err_set(err, ERR_STATE, "is being written");
    return code;
}

static enum err_code read_file(int folder_fd, const char *path, bool cut, char **out, size_t *len,
                               struct stat *st, struct err *err)
{
    int fd = -1;
    *out = NULL;
    *len = 0;
    *st = (struct stat){0};
    enum err_code code = open_file(folder_fd, path, &fd, err);
    if (code != OK)
        return code;
    code = read_open(fd, cut, out, len, st, err);
    close(fd);
    if (code != OK) {
        free(*out);
        *out = NULL;
    }
    return code;
}

enum err_code read_whole(int folder_fd, const char *path, char **out, size_t *len, struct stat *st,
                         struct err *err)
{
    return read_file(folder_fd, path, false, out, len, st, err);
}

enum err_code read_whole_or_cut(int folder_fd, const char *path, char **out, size_t *len,
                                struct stat *st, struct err *err)
{
    return read_file(folder_fd, path, true, out, len, st, err);
}
