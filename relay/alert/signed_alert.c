/* The signed alert of an Atom entry as a document of its own: a signature covers the alert, not
 * the feed around it. */
#include "alert/codes.h"
#include "alert/cut.h"
#include "alert/edxl.h"
#include "alert/entry.h"
#include "alert/fields.h"
#include "alert/parse.h"
#include "alert/scan.h"
#include "base/buf.h"

#include <libxml/tree.h>

#define DSIG "http://www.w3.org/2000/09/xmldsig#"

enum {
    LEVELS_MAX = PARSE_DEPTH_MAX,
    NAMESPACES_MAX = 32, /* in scope: each is looked for in the whole alert */
    NAMESPACES_BYTES_MAX = 4096
};

static xmlNode *next_below(xmlNode *node, const xmlNode *root)
{
    if (node->children && node->type == XML_ELEMENT_NODE)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

/* NULL where there is none, or a second one. */
static xmlNode *only_alert(const xmlNode *entry)
{
    xmlNode *found = NULL;
    for (xmlNode *node = (xmlNode *)(uintptr_t)entry; node; node = next_below(node, entry)) {
        if (!entry_is_cap_alert(node))
            continue;
        if (found)
            return NULL;
        found = node;
    }
    return found;
}

static const xmlNode *child_named(const xmlNode *node, const char *name)
{
    const xmlNode *child = node->children;
    while (child &&
           (child->type != XML_ELEMENT_NODE || strcmp((const char *)child->name, name) != 0))
        child = child->next;
    return child;
}

static bool is_signed(const xmlNode *alert)
{
    const xmlNode *signature = child_named(alert, "Signature");
    return signature && signature->ns && signature->ns->href &&
           strcmp((const char *)signature->ns->href, DSIG) == 0;
}

/* --- what is around it --- */

/* Such a wrapper lowers nothing and keeps nothing from the public. */
static bool says_the_same(const struct envelope *envelope, enum cap_status status)
{
    return !findings_have_fatal(&envelope->findings) && !envelope->confidentiality.len &&
           (envelope->status == STATUS_NONE || envelope->status == status);
}

static bool gives_an_area(const xmlNode *alert)
{
    const xmlNode *info = child_named(alert, "info");
    return info && !child_named(info, "area");
}

/* Whether all wrappers up to the entry can be left out: a wrapper only ever lowers, and that must
 * not be lost. */
static bool stands_alone(struct reader *r, const xmlNode *alert, const xmlNode *entry,
                         const struct atom_entry *fields)
{
    const xmlNode *node = child_named(alert, "status");
    struct slice text = node ? field_words(r, node) : (struct slice){0};
    enum cap_status status = (enum cap_status)code_find(&codes_status, text);
    struct alert shell = {0};
    struct reader at_entry = {.arena = r->arena, .alert = &shell, .root = entry};
    if (status == STATUS_NONE || gives_an_area(alert) ||
        !says_the_same(entry_envelope(&at_entry, fields), status))
        return false;
    for (node = alert->parent; node != entry; node = node->parent) {
        if (edxl_is_distribution(node) &&
            !says_the_same(edxl_read_distribution(r->arena, node, 0), status))
            return false;
        if (edxl_is_content(node) && !says_the_same(edxl_read_content(r->arena, node, 0), status))
            return false;
    }
    return true;
}

/* --- its bytes --- */

static size_t position_of(const xmlNode *node)
{
    size_t before = 0;
    for (const xmlNode *other = node->prev; other; other = other->prev)
        before += other->type == XML_ELEMENT_NODE;
    return before;
}

static bool descend(struct arena *arena, struct slice bytes, const xmlNode *alert,
                    const xmlNode *entry, struct slice *out)
{
    const xmlNode *levels[LEVELS_MAX];
    size_t depth = 0;
    for (const xmlNode *node = alert; node != entry; node = node->parent) {
        if (depth == LEVELS_MAX)
            return false;
        levels[depth++] = node;
    }
    while (depth > 0) {
        struct cut cut;
        size_t position = position_of(levels[--depth]);
        if (!cut_element(arena, bytes, &cut) || position >= cut.count)
            return false;
        bytes = cut.children[position];
    }
    *out = bytes;
    return true;
}

static bool uses(const xmlNode *alert, const xmlNs *ns)
{
    for (xmlNode *node = (xmlNode *)(uintptr_t)alert; node; node = next_below(node, alert)) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        if (node->ns == ns)
            return true;
        for (const xmlAttr *at = node->properties; at; at = at->next)
            if (at->ns == ns)
                return true;
    }
    return false;
}

static bool declares(const xmlNode *alert, const xmlNs *ns)
{
    for (const xmlNs *own = alert->nsDef; own; own = own->next)
        if (own == ns)
            return true;
    return false;
}

/* What it uses and is declared further out. False where that cannot be written plainly. */
static bool put_namespaces(struct buf *out, const xmlNode *alert)
{
    bool good = true;
    xmlNs **all = xmlGetNsList(alert->doc, alert);
    for (size_t i = 0; good && all && all[i]; i++) {
        struct slice uri = slice_from_cstr((const char *)all[i]->href);
        const char *prefix = (const char *)all[i]->prefix;
        if (declares(alert, all[i]) || !uses(alert, all[i]))
            continue;
        good = good && i < NAMESPACES_MAX && slice_find(uri, "\"") < 0 &&
               slice_find(uri, "&") < 0 && slice_find(uri, "<") < 0;
        buf_printf(out, " xmlns%s%s=\"%.*s\"", prefix ? ":" : "", prefix ? prefix : "",
                   SLICE_ARG(uri));
    }
    xmlFree(all);
    return good;
}

static size_t name_end(struct slice tag)
{
    size_t at = 1;
    while (at < tag.len && !slice_is_xml_space(tag.ptr[at]) && tag.ptr[at] != '>' &&
           tag.ptr[at] != '/')
        at++;
    return at;
}

static struct slice as_document(struct arena *arena, struct slice bytes, const xmlNode *alert,
                                struct slice encoding)
{
    struct buf out;
    size_t name = name_end(bytes);
    buf_init(&out, bytes.len + NAMESPACES_BYTES_MAX);
    if (encoding.len && !slice_ieq_cstr(encoding, "utf-8"))
        buf_printf(&out, "<?xml version=\"1.0\" encoding=\"%.*s\"?>", SLICE_ARG(encoding));
    buf_put(&out, slice_sub(bytes, 0, name));
    bool good = put_namespaces(&out, alert);
    buf_put(&out, slice_sub(bytes, name, bytes.len));
    struct slice document =
        good && !buf_failed(&out) ? arena_copy(arena, buf_slice(&out)) : (struct slice){0};
    buf_fini(&out);
    return document;
}

struct slice entry_signed_alert(struct reader *r, const xmlNode *node,
                                const struct atom_entry *entry, struct slice bytes,
                                struct slice whole)
{
    const xmlNode *alert = bytes.ptr && entry->holds_cap ? only_alert(node) : NULL;
    struct slice cut;
    if (!alert || !is_signed(alert) || !stands_alone(r, alert, node, entry) ||
        !descend(r->arena, bytes, alert, node, &cut))
        return (struct slice){0};
    return as_document(r->arena, cut, alert, scan_declared_encoding(whole));
}
