#include "conf/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static enum err_code read_file(int fd, const char *path, char *out, size_t *len, struct err *err)
{
    struct stat found;
    ssize_t got = 0;

    if (fstat(fd, &found) != 0)
        return err_errno(err, errno, "%s", path);
    if (!S_ISREG(found.st_mode))
        return err_set(err, ERR_INVALID, "%s is no file", path);
    if (found.st_mode & S_IRWXO)
        return err_set(err, ERR_INVALID,
                       "%s may be read by everybody; take that away (chmod o= %s)", path, path);
    if (found.st_size > CONF_SECRET_BYTES)
        return err_set(err, ERR_LIMIT, "%s is larger than %d bytes", path, CONF_SECRET_BYTES);
    for (*len = 0; *len < CONF_SECRET_BYTES; *len += (size_t)got) {
        got = read(fd, out + *len, CONF_SECRET_BYTES - *len);
        if (got < 0)
            return err_errno(err, errno, "%s", path);
        if (got == 0)
            break;
    }
    return OK;
}

enum err_code conf_secret_read(struct slice path, size_t min, char out[CONF_SECRET_BYTES + 1],
                               struct err *err)
{
    size_t len = 0;
    int fd = open(path.ptr, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return err_errno(err, errno, "%s", path.ptr);
    enum err_code code = read_file(fd, path.ptr, out, &len, err);
    close(fd);
    if (code)
        return code;
    struct slice text = slice_trim(slice_of(out, len));
    if (text.len < min)
        return err_set(err, ERR_INVALID, "%s holds %zu characters; at least %zu are wanted",
                       path.ptr, text.len, min);
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] <= 0x20 || text.ptr[i] >= 0x7f)
            return err_set(err, ERR_INVALID,
                           "%s: only printable ASCII without blanks makes a secret; `openssl rand "
                           "-hex 32` makes a good one",
                           path.ptr);
    memmove(out, text.ptr, text.len);
    out[text.len] = '\0';
    return OK;
}
