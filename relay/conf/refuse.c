#include "conf/internal.h"

#include <stdarg.h>
#include <stdio.h>

/* "sources[2].country"; the outermost node has no name. */
static void put_path(struct buf *out, const struct conf_node *node)
{
    if (!node->parent)
        return;
    put_path(out, node->parent);
    if (node->key.ptr) {
        if (out->len > 0)
            buf_put_char(out, '.');
        buf_put(out, node->key);
    } else {
        buf_printf(out, "[%zu]", node->index + 1);
    }
}

static enum err_code refuse_at(const struct conf_node *node, unsigned line, const char *key,
                               struct err *err, const char *format, va_list args)
{
    char text[300];
    vsnprintf(text, sizeof text, format, args);
    struct buf path;
    buf_init(&path, 1024);
    put_path(&path, node);
    if (key && path.len > 0)
        buf_put_char(&path, '.');
    if (key)
        buf_put_cstr(&path, key);
    enum err_code code =
        err_set(err, ERR_INVALID, "%s:%u: %.*s%s%s", node->doc->path.ptr, line, (int)path.len,
                path.ptr ? path.ptr : "", path.len ? ": " : "", text);
    buf_fini(&path);
    return code;
}

enum err_code conf_refuse(const struct conf_node *node, struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum err_code code = refuse_at(node, node->line, NULL, err, format, args);
    va_end(args);
    return code;
}

enum err_code conf_fail(const struct conf_node *node, const char *key, struct err *err,
                        const char *format, ...)
{
    const struct conf_node *child = key ? conf_child(node, slice_from_cstr(key)) : NULL;
    va_list args;
    va_start(args, format);
    enum err_code code =
        refuse_at(node, child ? child->key_line : node->line, key, err, format, args);
    va_end(args);
    return code;
}
