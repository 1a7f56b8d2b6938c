#include "conf/internal.h"

#include <limits.h>
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

/* What was written may hold line ends and what terminals obey. */
static void blank_controls(struct buf *text)
{
    for (size_t i = 0; i < text->len; i++)
        if ((unsigned char)text->ptr[i] < ' ' || text->ptr[i] == 0x7f)
            text->ptr[i] = ' ';
}

static enum err_code refuse_at(const struct conf_node *node, unsigned line, const char *key,
                               struct err *err, const char *format, va_list args)
{
    struct buf path, whole;
    char text[sizeof err->text];
    vsnprintf(text, sizeof text, format, args);
    buf_init(&path, 4096);
    buf_init(&whole, 2 * PATH_MAX);
    put_path(&path, node);
    if (key && path.len > 0)
        buf_put_char(&path, '.');
    if (key)
        buf_put_cstr(&path, key);
    buf_printf(&whole, "%s:%u: %.*s%s%s", node->doc->path.ptr, line, (int)path.len,
               path.ptr ? path.ptr : "", path.len ? ": " : "", text);
    blank_controls(&whole);
    conf_record(node->doc, node, line, buf_slice(&whole));
    err_set(err, ERR_INVALID, "%.*s", (int)whole.len, whole.ptr);
    buf_fini(&whole);
    buf_fini(&path);
    return ERR_INVALID;
}

enum err_code conf_refuse(const struct conf_node *node, struct err *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    enum err_code code = refuse_at(node, node->line, NULL, err, format, args);
    va_end(args);
    return code;
}

enum err_code conf_refuse_key(const struct conf_node *node, struct err *err, const char *format,
                              ...)
{
    va_list args;
    va_start(args, format);
    enum err_code code = refuse_at(node, node->key_line, NULL, err, format, args);
    va_end(args);
    return code;
}

const struct conf_node *conf_innermost(const struct conf_node *node, const char **key)
{
    while (*key) {
        size_t len = strcspn(*key, ".");
        const struct conf_node *child = conf_child(node, slice_of(*key, len));
        if (!child)
            return node;
        node = child;
        *key = (*key)[len] ? *key + len + 1 : NULL;
    }
    return node;
}

enum err_code conf_fail(const struct conf_node *node, const char *key, struct err *err,
                        const char *format, ...)
{
    const struct conf_node *found = conf_innermost(node, &key);
    bool by_key = found != node && found->key.ptr;
    va_list args;
    va_start(args, format);
    enum err_code code =
        refuse_at(found, by_key ? found->key_line : found->line, key, err, format, args);
    va_end(args);
    return code;
}
