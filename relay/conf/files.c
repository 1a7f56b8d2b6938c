/* Which files a configuration's paths lead to, and whether they hold what they should. */
#include "conf/conf.h"
#include "conf/secret.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void add_file(struct digest_state *state, struct slice path)
{
    struct stat found;
    if (!path.ptr || stat(path.ptr, &found) != 0 || !S_ISREG(found.st_mode))
        return;
    digest_add_sized(state, path);
    digest_add_u64be(state, (uint64_t)found.st_dev);
    digest_add_u64be(state, (uint64_t)found.st_ino);
    digest_add_u64be(state, (uint64_t)found.st_size);
    digest_add_u64be(state, (uint64_t)found.st_mtim.tv_sec);
    digest_add_u64be(state, (uint64_t)found.st_mtim.tv_nsec);
}

static void add_rows(struct digest_state *state, const struct conf_row *rows, const void *values)
{
    for (const struct conf_row *row = rows; row && row->type != CONF_END; row++) {
        const char *value = (const char *)values + row->offset;
        if (row->type == CONF_PATH) {
            add_file(state, *(const struct slice *)(const void *)value);
        } else if (row->type == CONF_MAP) {
            add_rows(state, row->rows, value);
        } else if (row->type == CONF_LIST) {
            const struct conf_list *list = (const void *)value;
            for (size_t i = 0; i < list->count; i++)
                add_rows(state, row->rows, (const char *)list->items + i * row->item_size);
        }
    }
}

struct digest conf_files_digest(const struct conf_row *rows, const void *values)
{
    struct digest_state state;
    digest_begin(&state);
    add_rows(&state, rows, values);
    return digest_end(&state);
}

static enum err_code check_folder(const char *path, struct err *err)
{
    struct stat found;
    if (stat(path, &found) != 0)
        return err_errno(err, errno, "%s", path);
    if (!S_ISDIR(found.st_mode))
        return err_set(err, ERR_INVALID, "%s is no folder", path);
    return access(path, R_OK | X_OK) == 0 ? OK : err_errno(err, errno, "%s", path);
}

static enum err_code check_file(const struct conf_row *row, struct slice path, conf_pem_fn pem,
                                struct err *err)
{
    char secret[CONF_SECRET_BYTES + 1];
    enum err_code code = OK;
    switch (row->file) {
    case CONF_FILE_FOLDER:
        return check_folder(path.ptr, err);
    case CONF_FILE_SECRET:
        code = conf_secret_read(path, 1, secret, err);
        explicit_bzero(secret, sizeof secret);
        return code;
    case CONF_FILE_CERTIFICATE:
    case CONF_FILE_KEY:
        return pem(row->file, path.ptr, err);
    case CONF_FILE_ANY:
        break;
    }
    return OK;
}

enum err_code conf_files_check(const struct conf_node *node, const struct conf_row *rows,
                               const void *values, conf_pem_fn pem, struct err *err)
{
    enum err_code code = OK;
    for (const struct conf_row *row = rows; row->type != CONF_END; row++) {
        const void *value = (const char *)values + row->offset;
        struct err inner = {0};
        if (row->type == CONF_PATH && ((const struct slice *)value)->ptr &&
            conf_is_sound(node, row->name) &&
            check_file(row, *(const struct slice *)value, pem, &inner) != OK)
            code = conf_fail(node, row->name, code ? NULL : err, "%s", inner.text);
    }
    return code;
}
