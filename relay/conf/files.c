/* Which files a configuration's paths lead to. */
#include "conf/conf.h"

#include <sys/stat.h>

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
