#include "alert/read.h"

#include "alert/text.h"

#include <stdarg.h>
#include <stdio.h>

static const char *const namespaces[] = {
    [CAP_VERSION_UNKNOWN] = "",
    [CAP_1_0] = "http://www.incident.com/cap/1.0",
    [CAP_1_1] = "urn:oasis:names:tc:emergency:cap:1.1",
    [CAP_1_2] = "urn:oasis:names:tc:emergency:cap:1.2",
};

enum cap_version cap_version_of_namespace(const char *uri)
{
    for (unsigned version = CAP_1_0; uri && version <= CAP_1_2; version++) {
        if (strcmp(uri, namespaces[version]) == 0)
            return (enum cap_version)version;
    }
    return CAP_VERSION_UNKNOWN;
}

const char *cap_namespace(enum cap_version version)
{
    return namespaces[version];
}

unsigned reader_line(const struct reader *r, const xmlNode *node)
{
    long line = node ? xmlGetLineNo(node) : 0;
    return line > 0 ? (unsigned)line + r->line_offset : 0;
}

enum { PATH_MAX_BYTES = 256, PATH_LEVELS_MAX = 16, SIBLINGS_MAX = 100000 };

/* [n] among the siblings of that name; 0 where it is the only one. Counts no further than a limit
 * that no message reaches. */
static unsigned position_of(const xmlNode *node)
{
    unsigned before = 0, after = 0;
    for (const xmlNode *other = node->prev; other && before < SIBLINGS_MAX; other = other->prev)
        before += other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name);
    for (const xmlNode *other = node->next; other && before + after == 0; other = other->next)
        after += other->type == XML_ELEMENT_NODE && xmlStrEqual(other->name, node->name);
    return before + after ? before + 1 : 0;
}

static bool is_always_numbered(const xmlNode *node)
{
    const char *name = (const char *)node->name;
    return strcmp(name, "info") == 0 || strcmp(name, "area") == 0 || strcmp(name, "resource") == 0;
}

static void print_path(const struct reader *r, const xmlNode *node, char *out, size_t out_size)
{
    const xmlNode *levels[PATH_LEVELS_MAX];
    size_t depth = 0, len = 0;
    for (; node && node != r->root && node->type == XML_ELEMENT_NODE && depth < PATH_LEVELS_MAX;
         node = node->parent)
        levels[depth++] = node;
    struct slice top = text_clip(slice_from_cstr((const char *)r->root->name), 60);
    len += (size_t)snprintf(out, out_size, "%.*s", SLICE_ARG(top));
    while (depth > 0 && len < out_size) {
        const xmlNode *level = levels[--depth];
        unsigned position = position_of(level);
        if (position == 0 && is_always_numbered(level))
            position = 1;
        struct slice name = text_clip(slice_from_cstr((const char *)level->name), 60);
        len += (size_t)snprintf(out + len, out_size - len, "/%.*s", SLICE_ARG(name));
        if (position > 0 && len < out_size)
            len += (size_t)snprintf(out + len, out_size - len, "[%u]", position);
    }
}

void reader_find(struct reader *r, const char *rule, enum finding_severity severity,
                 const xmlNode *node, const char *format, ...)
{
    struct findings *findings = &r->alert->findings;
    char path[PATH_MAX_BYTES], text[400];
    if (findings->left_out > 0 && severity != FINDING_FATAL) {
        /* Only counted: not worth a path and a text. */
        findings_add(findings, r->arena, rule, severity, "", 0, "%s", "");
        return;
    }
    print_path(r, node, path, sizeof path);
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    findings_add(findings, r->arena, rule, severity, path, reader_line(r, node), "%.*s",
                 SLICE_ARG(text_clip(slice_from_cstr(text), sizeof text - 2)));
}
