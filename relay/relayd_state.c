#include "relayd_state.h"

#include "journal/journal.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *relayd_journal_key(const struct relay_conf *conf)
{
    return conf_has(conf->root, "journal.path") ? "journal.path" : "state_dir";
}

/* A folder in which files can be made. ERR_NOT_FOUND: there is nothing at all. */
static enum err_code check_folder(const char *key, const char *path, struct err *err)
{
    struct stat found;

    if (stat(path, &found) != 0)
        return errno == ENOENT ? err_set(err, ERR_NOT_FOUND, "%s: there is no folder %s", key, path)
                               : err_errno(err, errno, "%s: %s", key, path);
    if (!S_ISDIR(found.st_mode))
        return err_set(err, ERR_INVALID, "%s: %s is no folder; name one", key, path);
    if (access(path, R_OK | W_OK | X_OK) == 0)
        return OK;
    if (errno != EACCES)
        return err_errno(err, errno, "%s: %s cannot be written to", key, path);
    return err_set(
        err, ERR_IO,
        "%s: %s belongs to user %ld, mode %04o, and user %ld cannot write to it; make it "
        "the relay's own (chown %ld %s)",
        key, path, (long)found.st_uid, (unsigned)found.st_mode & 07777, (long)geteuid(),
        (long)geteuid(), path);
}

/* False where there is none. */
static bool folder_of(const char *path, char out[PATH_MAX])
{
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len > 0 && path[len - 1] != '/')
        len--;
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (len == 0 || len >= PATH_MAX)
        return false;
    memcpy(out, path, len);
    out[len] = '\0';
    return true;
}

enum err_code relayd_folder_check(const char *key, const char *path, struct err *err)
{
    char folder[PATH_MAX];

    return folder_of(path, folder) ? check_folder(key, folder, err)
                                   : err_set(err, ERR_LIMIT, "%s: the path is too long", key);
}

enum err_code relayd_state_make(const struct relay_conf *conf, struct err *err)
{
    if (mkdir(conf->state_dir.ptr, 0750) != 0 && errno != EEXIST)
        return err_errno(err, errno, "state_dir: %s cannot be made", conf->state_dir.ptr);
    return check_folder("state_dir", conf->state_dir.ptr, err);
}

enum err_code relayd_state_check(const struct relay_conf *conf, struct err *err)
{
    char above[PATH_MAX];
    struct err inner = {0};
    enum err_code code = check_folder("state_dir", conf->state_dir.ptr, err);

    if (code != ERR_NOT_FOUND || !folder_of(conf->state_dir.ptr, above))
        return code;
    code = check_folder("state_dir", above, &inner);
    return code ? err_set(err, code, "state_dir: there is no %s, and it cannot be made: %s",
                          conf->state_dir.ptr, inner.text + strlen("state_dir: "))
                : OK;
}

enum err_code relayd_journal_check(const struct relay_conf *conf, struct err *err)
{
    const char *key = relayd_journal_key(conf);
    char folder[PATH_MAX], state[PATH_MAX];
    struct stat found;
    enum err_code code;

    snprintf(state, sizeof(state), "%s", conf->state_dir.ptr);
    if (!folder_of(conf->journal.path.ptr, folder))
        return err_set(err, ERR_LIMIT, "%s: %s is too long", key, conf->journal.path.ptr);
    /* A start makes state_dir, and no other folder. */
    if (strcmp(folder, state) == 0 && stat(folder, &found) != 0)
        return OK;
    code = check_folder(key, folder, err);
    if (code)
        return code;
    code = journal_check(conf->journal.path.ptr, err);
    return code ? err_wrap(err, "%s", key) : OK;
}
