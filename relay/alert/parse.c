#include "alert/parse.h"

#include "alert/detach.h"
#include "alert/document.h"
#include "alert/edxl.h"
#include "alert/entry.h"
#include "alert/incident.h"
#include "alert/repair.h"
#include "alert/resource.h"
#include "alert/text.h"
#include "alert/validate.h"
#include "base/mem.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>

enum { DELETED_MAX = 1000 }; /* that are compared with each entry beside them */

struct parser {
    struct schemas schemas;
};

enum err_code parser_create(struct parser **out, struct err *err)
{
    /* Has to be called once before threads use libxml2; later calls do nothing. */
    xmlInitParser();
    struct parser *parser = mem_alloc(sizeof *parser);
    enum err_code code = schemas_init(&parser->schemas, err);
    if (code != OK) {
        free(parser);
        return code;
    }
    *out = parser;
    return OK;
}

void parser_destroy(struct parser *parser)
{
    if (!parser)
        return;
    schemas_fini(&parser->schemas);
    free(parser);
}

/* One reading of one document. */
struct reading {
    const struct parser *parser;
    struct arena *arena;
    struct parsed parsed;
    size_t capacity;
    const struct repair *repair; /* NULL: the received bytes themselves */
    bool bare;                   /* without the schema */
    struct alert leftovers;      /* findings about what holds no alert */
    struct reader left;          /* that collects them */
    struct atom_author author;   /* of the feed */
    bool has_deleted;            /* the feed says that entries are gone */
};

static struct alert *add_alert(struct reading *reading)
{
    struct parsed *parsed = &reading->parsed;
    parsed->alerts = arena_grow(reading->arena, parsed->alerts, parsed->count, &reading->capacity,
                                sizeof *parsed->alerts);
    struct alert *alert = arena_alloc(reading->arena, sizeof *alert);
    parsed->alerts[parsed->count++] = alert;
    return alert;
}

static void add_unreadable(struct reading *reading, const char *rule, unsigned line,
                           const char *text)
{
    struct alert *alert = add_alert(reading);
    alert->kind = KIND_UNREADABLE;
    findings_add(&alert->findings, reading->arena, rule, FINDING_FATAL, "document", line, "%s",
                 text);
}

static void note_repair(struct alert *alert, struct arena *arena, const struct repair *repair)
{
    alert->repaired = true;
    if (repair->trimmed)
        findings_add(&alert->findings, arena, "read.trimmed", FINDING_WARNING, "document", 1,
                     "%zu bytes outside the root element left out", repair->trimmed);
    if (repair->relabelled)
        findings_add(&alert->findings, arena, "read.encoding", FINDING_WARNING, "document", 1,
                     "the declared encoding is not that of the bytes; read as UTF-8");
    if (repair->windows_1252)
        findings_add(&alert->findings, arena, "read.windows-1252", FINDING_WARNING, "document", 0,
                     "%zu bytes are not UTF-8 and are read as Windows-1252", repair->windows_1252);
    if (repair->dropped)
        findings_add(&alert->findings, arena, "read.control-dropped", FINDING_WARNING, "document",
                     0, "%zu characters that XML cannot carry left out", repair->dropped);
}

static bool contains_heartbeat(struct slice sender)
{
    return slice_ifind(sender, "heartbeat") >= 0;
}

static unsigned line_offset(const struct reading *reading)
{
    return reading->repair ? reading->repair->line_offset : 0;
}

static struct reader begin_alert(struct reading *reading, const xmlNode *element)
{
    struct alert *alert = add_alert(reading);
    if (reading->repair)
        note_repair(alert, reading->arena, reading->repair);
    return (struct reader){.arena = reading->arena,
                           .alert = alert,
                           .root = element,
                           .line_offset = line_offset(reading)};
}

/* Here and not by whoever asks first, since from here on the alert does not change. */
static void read_digests(struct alert *alert)
{
    for (size_t i = 0; i < alert->info_count; i++) {
        const struct cap_info *info = &alert->infos[i];
        for (size_t j = 0; j < info->resource_count; j++)
            info->resources[j].digest_reading = resource_digest(&info->resources[j]);
    }
}

static void read_one(struct reading *reading, xmlNode *element)
{
    struct reader reader = begin_alert(reading, element);
    struct alert *alert = reader.alert;
    read_alert(&reader);
    envelope_apply(&reader);
    if (alert->signature_count && element->parent->type == XML_ELEMENT_NODE)
        alert->detached = detach(reading->arena, element);
    if (!reading->bare) {
        validate_alert(&reading->parser->schemas, &reader, element);
        read_digests(alert);
    }
    if (alert->repaired)
        alert->schema_valid = false;
    bool heartbeat = alert->status == STATUS_SYSTEM && contains_heartbeat(alert->sender);
    alert->kind = heartbeat ? KIND_HEARTBEAT : KIND_ALERT;
    alert->relayable = !heartbeat && !findings_have_fatal(&alert->findings);
}

static bool is_element(const xmlNode *node, const char *name)
{
    return node->type == XML_ELEMENT_NODE && strcmp((const char *)node->name, name) == 0;
}

static const char *namespace_of(const xmlNode *node)
{
    return node->ns && node->ns->href ? (const char *)node->ns->href : NULL;
}

/* The next node in document order, not below `node` where `inside` is false. */
static xmlNode *next_node(xmlNode *node, const xmlNode *root, bool inside)
{
    if (inside && node->children)
        return node->children;
    while (node != root && !node->next)
        node = node->parent;
    return node == root ? NULL : node->next;
}

/* What the feed says beside an entry; a later version than what was deleted lives. */
static void withdraw_deleted(struct reader *reader, const xmlNode *node,
                             const struct atom_entry *entry)
{
    unsigned looked_at = 0;
    for (const xmlNode *other = node->parent->children; other; other = other->next) {
        if (!entry_is_deleted(other) || looked_at++ >= DELETED_MAX ||
            !entry_is_deleted_of(reader, other, entry->id))
            continue;
        struct cap_time when = entry_deleted_when(reader, other);
        if (when.set && when.utc_s >= entry->updated.utc_s)
            incident_withdraw(reader, when);
    }
}

static void read_incident(struct reading *reading, const xmlNode *node,
                          const struct atom_entry *entry)
{
    struct reader reader = begin_alert(reading, node);
    incident_read(&reader, entry);
    if (reading->has_deleted)
        withdraw_deleted(&reader, node, entry);
    envelope_apply(&reader);
    reader.alert->kind = KIND_ALERT;
    reader.alert->relayable = !findings_have_fatal(&reader.alert->findings);
}

static void find_entry_without_alert(struct reading *reading, const xmlNode *node,
                                     const struct atom_entry *entry)
{
    const struct atom_link *link = atom_cap_link(entry);
    for (size_t i = 0; i < entry->link_count && !link; i++)
        link = entry->links[i].href.len ? &entry->links[i] : NULL;
    if (link)
        reader_find(&reading->left, "atom.linked", FINDING_WARNING, node,
                    "holds no alert, only a link: '%.*s'", SLICE_ARG(text_clip(link->href, 200)));
    else
        reader_find(&reading->left, "atom.other-entry", FINDING_WARNING, node,
                    "holds no alert, and no category says that it is incident information");
}

/* Whether there may be alerts inside. */
static bool visit_entry(struct reading *reading, xmlNode *node)
{
    struct alert shell = {0};
    struct reader reader = {.arena = reading->arena,
                            .alert = &shell,
                            .root = node,
                            .line_offset = line_offset(reading)};
    struct atom_entry entry = entry_read(&reader, node, &reading->author);
    if (entry.holds_cap)
        envelope_attach(node, entry_envelope(&reader, &entry));
    else if (incident_is(&entry))
        read_incident(reading, node, &entry);
    else
        find_entry_without_alert(reading, node, &entry);
    return entry.holds_cap;
}

static bool child_is_deleted(const xmlNode *feed)
{
    const xmlNode *child = feed->children;
    while (child && !entry_is_deleted(child))
        child = child->next;
    return child != NULL;
}

/* One element of a wrapper: whether to look inside. */
static bool visit(struct reading *reading, xmlNode *node)
{
    if (node->type != XML_ELEMENT_NODE)
        return false;
    if (entry_is_cap_alert(node)) {
        read_one(reading, node);
        return false;
    }
    if (edxl_is_distribution(node)) {
        envelope_attach(node, edxl_read_distribution(reading->arena, node, line_offset(reading)));
    } else if (edxl_is_content(node)) {
        if (!entry_holds_cap(node)) {
            edxl_find_other_content(&reading->left, node);
            return false;
        }
        envelope_attach(node, edxl_read_content(reading->arena, node, line_offset(reading)));
    } else if (entry_is(node, "feed")) {
        reading->author = entry_author(&reading->left, node);
        reading->has_deleted = child_is_deleted(node);
    } else if (entry_is(node, "entry")) {
        return visit_entry(reading, node);
    } else if (entry_is_deleted(node)) {
        /* It gives no sender and no status: nothing that a Cancel could be made of. */
        reader_find(&reading->left, "atom.deleted", FINDING_WARNING, node,
                    "an entry was deleted; unless it stands beside this, what was relayed of it "
                    "stands until it expires");
        return false;
    }
    return true;
}

/* What holds no alert is told with the first alert there is. */
static void tell_leftovers(struct reading *reading)
{
    struct alert *first = reading->parsed.alerts[0];
    envelope_pass_on(reading->arena, &reading->leftovers.findings, &first->findings, true);
}

static void read_enveloped(struct reading *reading, xmlNode *root)
{
    reading->left = (struct reader){.arena = reading->arena,
                                    .alert = &reading->leftovers,
                                    .root = root,
                                    .line_offset = line_offset(reading)};
    xmlNode *node = root;
    while (node) {
        bool adds = entry_is_cap_alert(node) || entry_is(node, "entry");
        if (adds && reading->parsed.count == PARSE_ALERTS_MAX - 1) {
            /* Not in silence: the last one says that there were more. */
            add_unreadable(
                reading, "read.alerts-max", (unsigned)xmlGetLineNo(node),
                "too many alerts in one document; this one and what follows are left out");
            break;
        }
        node = next_node(node, root, visit(reading, node));
    }
}

/* A wrapper that is known, but has no alert in it. */
static bool add_empty_wrapper(struct reading *reading, const xmlNode *root)
{
    const struct findings *left = &reading->leftovers.findings;
    bool edxl = edxl_is_distribution(root),
         atom = entry_is(root, "feed") || entry_is(root, "entry");
    if (!edxl && !atom)
        return false;
    const char *rule = edxl ? "edxl.no-alert" : "atom.no-alert";
    if (findings_have(left, "atom.linked"))
        rule = "atom.linked";
    size_t others = left->count + left->left_out;
    char text[600];
    snprintf(text, sizeof text, "no CAP alert in it%s%.*s%s", left->count ? ": " : "",
             left->count ? (int)left->items[0].text.len : 0,
             left->count ? left->items[0].text.ptr : "", others > 1 ? " (and more)" : "");
    add_unreadable(reading, rule, (unsigned)xmlGetLineNo(root), text);
    return true;
}

static void add_no_cap(struct reading *reading, const xmlNode *root)
{
    reading->parsed.no_cap = true;
    if (add_empty_wrapper(reading, root))
        return;
    const char *uri = namespace_of(root);
    char text[300];
    struct slice found = text_clip(slice_from_cstr(uri), 100);
    struct slice name = text_clip(slice_from_cstr((const char *)root->name), 60);
    if (!is_element(root, "alert"))
        snprintf(text, sizeof text, "no CAP: the root is '%.*s' and there is no CAP alert in it",
                 SLICE_ARG(name));
    else
        snprintf(text, sizeof text,
                 "no CAP: the alert is in %s%.*s%s; it would have to be in %s (or that of CAP 1.1 "
                 "or 1.0)",
                 uri ? "the namespace '" : "no namespace", SLICE_ARG(found), uri ? "'" : "",
                 cap_namespace(CAP_1_2));
    const char *rule = is_element(root, "alert") ? "read.namespace" : "read.no-cap";
    add_unreadable(reading, rule, (unsigned)xmlGetLineNo(root), text);
}

static void read_tree(struct reading *reading, xmlDoc *tree)
{
    xmlNode *root = xmlDocGetRootElement(tree);
    if (entry_is_cap_alert(root)) {
        read_one(reading, root);
        return;
    }
    read_enveloped(reading, root);
    reading->parsed.enveloped = reading->parsed.count > 0;
    if (reading->parsed.count == 0)
        add_no_cap(reading, root);
    tell_leftovers(reading);
}

static void add_refused(struct reading *reading, const struct document *document)
{
    static const char *const rules[] = {
        [DOCUMENT_OK] = "read.not-xml",
        [DOCUMENT_NOT_XML] = "read.not-xml",
        [DOCUMENT_DOCTYPE] = "read.doctype",
        [DOCUMENT_TOO_DEEP] = "read.depth",
        [DOCUMENT_TOO_MANY_ELEMENTS] = "read.elements",
        [DOCUMENT_TOO_MANY_ATTRIBUTES] = "read.attributes",
        [DOCUMENT_FOREIGN_ENCODING] = "read.encoding-size",
    };
    unsigned offset = reading->repair && document->line ? reading->repair->line_offset : 0;
    add_unreadable(reading, rules[document->refusal], document->line + offset, document->text);
}

static void read_document(struct reading *reading, const struct document *document)
{
    if (document->tree)
        read_tree(reading, document->tree);
    else
        add_refused(reading, document);
}

static void read_repaired(struct reading *reading, const struct document *original,
                          struct slice bytes)
{
    struct repair repair;
    if (!repair_init(&repair, bytes)) {
        add_refused(reading, original);
    } else {
        struct document document;
        document_init(&document, buf_slice(&repair.bytes), repair.encoding,
                      DOCUMENT_WITHOUT_INDENTATION);
        reading->repair = &repair;
        read_document(reading, &document);
        reading->repair = NULL;
        document_fini(&document);
    }
    repair_fini(&repair);
}

static struct parsed read_bytes(const struct parser *parser, struct arena *arena,
                                struct slice bytes, bool bare)
{
    struct reading reading = {.parser = parser, .arena = arena, .bare = bare};
    if (bytes.len > PARSE_BYTES_MAX) {
        add_unreadable(&reading, "read.size", 0, "larger than 8 MiB");
        return reading.parsed;
    }
    if (bytes.len == 0) {
        add_unreadable(&reading, "read.not-xml", 0, "there are no bytes");
        return reading.parsed;
    }
    struct document document;
    document_init(&document, bytes, NULL, DOCUMENT_WITHOUT_INDENTATION);
    if (document.refusal == DOCUMENT_NOT_XML)
        read_repaired(&reading, &document, bytes);
    else
        read_document(&reading, &document);
    document_fini(&document);
    return reading.parsed;
}

struct parsed parser_read(const struct parser *parser, struct arena *arena, struct slice bytes)
{
    return read_bytes(parser, arena, bytes, false);
}

struct parsed parser_read_bare(const struct parser *parser, struct arena *arena, struct slice bytes)
{
    return read_bytes(parser, arena, bytes, true);
}

static void keep_first_fault(void *context, const xmlNode *node, unsigned line, const char *message)
{
    (void)node;
    struct err *err = context;
    char text[300];
    if (err->code != OK)
        return;
    text_copy_line(text, sizeof text, message);
    err_set(err, ERR_INVALID, "line %u: %s", line, text);
}

enum err_code parser_validate_cap12(const struct parser *parser, struct slice bytes,
                                    struct err *err)
{
    struct err fault = {0};
    struct document document;
    document_init(&document, bytes, NULL, DOCUMENT_WITHOUT_INDENTATION);
    xmlNode *root = document.tree ? xmlDocGetRootElement(document.tree) : NULL;
    if (!root)
        err_set(&fault, ERR_INVALID, "line %u: %s", document.line, document.text);
    else if (!entry_is_cap_alert(root) || cap_version_of_namespace(namespace_of(root)) != CAP_1_2)
        err_set(&fault, ERR_INVALID, "the root element is not an alert of CAP 1.2");
    else if (!schemas_validate(&parser->schemas, CAP_1_2, root, keep_first_fault, &fault) &&
             fault.code == OK)
        err_set(&fault, ERR_INVALID, "not valid");
    document_fini(&document);
    return fault.code == OK ? OK : err_set(err, fault.code, "%s", fault.text);
}
