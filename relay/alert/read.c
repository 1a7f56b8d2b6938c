/*
 * Each parent element has a table of its children; one walk reads them in whatever order they come.
 * NWS breaks the order of the schema in real warnings, and a warning is worth more than its order.
 */
#include "alert/read.h"
#include "alert/fields.h"

enum kind {
    KIND_TEXT,
    KIND_TEXTS,
    KIND_QUOTED,
    KIND_TIME,
    KIND_CODE,
    KIND_CODES,
    KIND_PAIR,
    KIND_OTHER
};

struct element {
    const char *name;
    enum kind kind;
    bool many;
    size_t offset; /* of the field in the parent's struct */
    const struct code_field *code;
    void (*read)(struct reader *r, const xmlNode *node, void *parent);
};

static const struct code_field status_field = {&codes_status, "cap.status.unknown", 0, true};
static const struct code_field msg_type_field = {&codes_msg_type, "cap.msgtype.unknown", 0, true};
static const struct code_field scope_field = {&codes_scope, "cap.scope.unknown", 0, true};
static const struct code_field category_field = {&codes_category, "cap.category.unknown", 0, false};
static const struct code_field response_field = {&codes_response_type, "cap.responsetype.unknown",
                                                 0, false};
static const struct code_field urgency_field = {&codes_urgency, "cap.urgency.unknown",
                                                URGENCY_UNKNOWN, false};
static const struct code_field severity_field = {&codes_severity, "cap.severity.unknown",
                                                 SEVERITY_UNKNOWN, false};
static const struct code_field certainty_field = {&codes_certainty, "cap.certainty.unknown",
                                                  CERTAINTY_UNKNOWN, false};

/* Codes are stored through their representation: each of these enums is an unsigned int to the
 * compiler. */
_Static_assert(sizeof(enum cap_status) == sizeof(unsigned), "code values are stored as unsigned");
_Static_assert(sizeof(enum cap_category) == sizeof(unsigned), "code values are stored as unsigned");

/* The count stands right behind the items in every list of codes, as in cap_texts and cap_pairs. */
struct code_items {
    unsigned *items;
    size_t count;
};
_Static_assert(offsetof(struct cap_info, category_count) ==
                   offsetof(struct cap_info, categories) + offsetof(struct code_items, count),
               "categories and their count");
_Static_assert(offsetof(struct cap_info, response_type_count) ==
                   offsetof(struct cap_info, response_types) + offsetof(struct code_items, count),
               "response types and their count");

static bool is_named(const xmlNode *node, const char *name)
{
    return strcmp((const char *)node->name, name) == 0;
}

/* In a CAP namespace or in none; a foreign element of the same name says nothing about the alert.
 * Nearly all have the alert's own. */
static bool may_be_cap(const struct reader *r, const xmlNode *node)
{
    return !node->ns || (node->ns == r->root->ns && r->alert->version != CAP_VERSION_UNKNOWN) ||
           cap_version_of_namespace((const char *)node->ns->href) != CAP_VERSION_UNKNOWN;
}

static struct cap_pair split_pair(struct slice text)
{
    ptrdiff_t equals = slice_find(text, "=");
    struct cap_pair pair = {.value = text};
    if (equals < 0)
        return pair;
    pair.name = slice_trim(slice_sub(text, 0, (size_t)equals));
    pair.value = slice_trim(slice_sub(text, (size_t)equals + 1, text.len));
    if (pair.value.len == 0)
        pair.value = (struct slice){NULL, 0};
    return pair;
}

/* valueName and value since 1.1; CAP 1.0 has "name=value" as one text. */
static struct cap_pair read_pair(struct reader *r, const xmlNode *node)
{
    struct cap_pair pair = {0};
    bool has_elements = false;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        has_elements = true;
        if (is_named(child, "valueName") && !pair.name.ptr)
            pair.name = field_words(r, child);
        else if (is_named(child, "value") && !pair.value.ptr)
            pair.value = field_words(r, child);
        else
            reader_find(r, "form.unknown-element", FINDING_WARNING, child, "left out");
    }
    if (!has_elements)
        pair = split_pair(field_words(r, node));
    pair.line = reader_line(r, node);
    if (!pair.name.len)
        reader_find(r, "cap.pair.name", FINDING_WARNING, node, "there is no valueName");
    return pair;
}

static void append_code(struct reader *r, const xmlNode *node, const struct code_field *code,
                        struct code_items *codes)
{
    unsigned value = field_code(r, node, code);
    if (value) {
        unsigned *place = field_append(r, &codes->items, &codes->count, sizeof *place);
        *place = value;
    }
}

static void append_pair(struct reader *r, const xmlNode *node, struct cap_pairs *pairs)
{
    struct cap_pair pair = read_pair(r, node);
    if (!pair.name.ptr && !pair.value.ptr)
        return;
    struct cap_pair *place = field_append(r, &pairs->items, &pairs->count, sizeof *place);
    *place = pair;
}

static void append_text(struct reader *r, const xmlNode *node, struct cap_texts *texts)
{
    struct slice text = field_words(r, node);
    if (text.ptr) {
        struct slice *place = field_append(r, &texts->items, &texts->count, sizeof *place);
        *place = text;
    }
}

static void read_field(struct reader *r, const xmlNode *node, const struct element *element,
                       void *parent)
{
    void *field = (char *)parent + element->offset;
    switch (element->kind) {
    case KIND_TEXT:
        *(struct slice *)field = field_words(r, node);
        return;
    case KIND_TEXTS:
        append_text(r, node, field);
        return;
    case KIND_QUOTED:
        *(struct cap_texts *)field = field_quoted_items(r, node);
        return;
    case KIND_TIME:
        *(struct cap_time *)field = field_time(r, node);
        return;
    case KIND_CODE:
        memcpy(field, &(unsigned){field_code(r, node, element->code)}, sizeof(unsigned));
        return;
    case KIND_CODES:
        append_code(r, node, element->code, field);
        return;
    case KIND_PAIR:
        append_pair(r, node, field);
        return;
    case KIND_OTHER:
        element->read(r, node, parent);
        return;
    }
}

/* From the element before on, since most come in the order of the table, which is the schema's. */
static size_t find_element(const struct reader *r, const struct element *table, size_t count,
                           const xmlNode *node, size_t before)
{
    for (size_t k = 0; k < count; k++) {
        size_t i = before + k < count ? before + k : before + k - count;
        if (is_named(node, table[i].name))
            return may_be_cap(r, node) ? i : count;
    }
    return count;
}

static bool is_blank(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_ELEMENT_NODE || !xmlIsBlankNode(child))
            return false;
    }
    return true;
}

static bool is_signature(const xmlNode *node)
{
    return node->ns && is_named(node, "Signature") &&
           strcmp((const char *)node->ns->href, "http://www.w3.org/2000/09/xmldsig#") == 0;
}

static void find_unknown(struct reader *r, const xmlNode *node)
{
    if (is_signature(node) && node->parent == r->root)
        r->alert->signature_count++;
    else
        reader_find(r, "form.unknown-element", FINDING_WARNING, node, "left out");
}

/* Two statuses, types or scopes that differ are none: an exercise must not pass for real by naming
 * Actual first. */
static void find_repeated(struct reader *r, const xmlNode *node, const struct element *element,
                          const void *parent)
{
    unsigned first = 0;
    bool decides = element->kind == KIND_CODE && element->code->exact && !is_blank(node);
    if (decides)
        memcpy(&first, (const char *)parent + element->offset, sizeof first);
    if (decides && field_code(r, node, element->code) != first)
        reader_find(r, "cap.contradiction", FINDING_FATAL, node,
                    "differs from the first; only one may be given");
    else
        reader_find(r, "form.repeated-element", FINDING_WARNING, node,
                    "may occur once; the first is taken");
}

/* Of a single element that is repeated the first that is not empty wins. */
static void read_children(struct reader *r, const xmlNode *node, const struct element *table,
                          size_t count, void *parent)
{
    unsigned long long seen = 0;
    size_t before = 0;
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type != XML_ELEMENT_NODE)
            continue;
        size_t i = find_element(r, table, count, child, before);
        before = i < count ? i : before;
        if (i == count) {
            find_unknown(r, child);
        } else if (table[i].many) {
            read_field(r, child, &table[i], parent);
        } else if (seen & 1ull << i) {
            find_repeated(r, child, &table[i], parent);
        } else if (!is_blank(child)) {
            seen |= 1ull << i;
            read_field(r, child, &table[i], parent);
        }
    }
}

#define READ(table, r, node, parent)                                                               \
    read_children(r, node, table, sizeof(table) / sizeof((table)[0]), parent)

static void read_nothing(struct reader *r, const xmlNode *node, void *parent)
{
    (void)parent;
    reader_find(r, "cap.password", FINDING_NOTE, node, "dropped: it is no part of the message");
}

static void read_references(struct reader *r, const xmlNode *node, void *parent)
{
    (void)parent;
    field_references(r, node);
}

static void read_polygon(struct reader *r, const xmlNode *node, void *parent)
{
    field_polygon(r, node, parent);
}

static void read_circle(struct reader *r, const xmlNode *node, void *parent)
{
    field_circle(r, node, parent);
}

#define AREA(field) offsetof(struct cap_area, field)
static const struct element area_elements[] = {
    {"areaDesc", KIND_TEXT, false, AREA(area_desc), NULL, NULL},
    {"polygon", KIND_OTHER, true, 0, NULL, read_polygon},
    {"circle", KIND_OTHER, true, 0, NULL, read_circle},
    {"geocode", KIND_PAIR, true, AREA(geocodes), NULL, NULL},
    {"altitude", KIND_TEXT, false, AREA(altitude), NULL, NULL},
    {"ceiling", KIND_TEXT, false, AREA(ceiling), NULL, NULL},
};

static void read_area(struct reader *r, const xmlNode *node, void *parent)
{
    struct cap_info *info = parent;
    struct cap_area *area = field_append(r, &info->areas, &info->area_count, sizeof *area);
    area->line = reader_line(r, node);
    READ(area_elements, r, node, area);
}

#define RESOURCE(field) offsetof(struct cap_resource, field)
static const struct element resource_elements[] = {
    {"resourceDesc", KIND_TEXT, false, RESOURCE(resource_desc), NULL, NULL},
    {"mimeType", KIND_TEXT, false, RESOURCE(mime_type), NULL, NULL},
    {"size", KIND_TEXT, false, RESOURCE(size), NULL, NULL},
    {"uri", KIND_TEXT, false, RESOURCE(uri), NULL, NULL},
    {"derefUri", KIND_TEXT, false, RESOURCE(deref_uri), NULL, NULL},
    {"digest", KIND_TEXT, false, RESOURCE(digest), NULL, NULL},
};

static void read_resource(struct reader *r, const xmlNode *node, void *parent)
{
    struct cap_info *info = parent;
    struct cap_resource *resource =
        field_append(r, &info->resources, &info->resource_count, sizeof *resource);
    resource->line = reader_line(r, node);
    READ(resource_elements, r, node, resource);
}

#define INFO(field) offsetof(struct cap_info, field)
static const struct element info_elements[] = {
    {"language", KIND_TEXT, false, INFO(language), NULL, NULL},
    {"category", KIND_CODES, true, INFO(categories), &category_field, NULL},
    {"event", KIND_TEXT, false, INFO(event), NULL, NULL},
    {"responseType", KIND_CODES, true, INFO(response_types), &response_field, NULL},
    {"urgency", KIND_CODE, false, INFO(urgency), &urgency_field, NULL},
    {"severity", KIND_CODE, false, INFO(severity), &severity_field, NULL},
    {"certainty", KIND_CODE, false, INFO(certainty), &certainty_field, NULL},
    {"audience", KIND_TEXT, false, INFO(audience), NULL, NULL},
    {"eventCode", KIND_PAIR, true, INFO(event_codes), NULL, NULL},
    {"effective", KIND_TIME, false, INFO(effective), NULL, NULL},
    {"onset", KIND_TIME, false, INFO(onset), NULL, NULL},
    {"expires", KIND_TIME, false, INFO(expires), NULL, NULL},
    {"senderName", KIND_TEXT, false, INFO(sender_name), NULL, NULL},
    {"headline", KIND_TEXT, false, INFO(headline), NULL, NULL},
    {"description", KIND_TEXT, false, INFO(description), NULL, NULL},
    {"instruction", KIND_TEXT, false, INFO(instruction), NULL, NULL},
    {"web", KIND_TEXT, false, INFO(web), NULL, NULL},
    {"contact", KIND_TEXT, false, INFO(contact), NULL, NULL},
    {"parameter", KIND_PAIR, true, INFO(parameters), NULL, NULL},
    {"resource", KIND_OTHER, true, 0, NULL, read_resource},
    {"area", KIND_OTHER, true, 0, NULL, read_area},
};

static void read_info(struct reader *r, const xmlNode *node, void *parent)
{
    struct alert *alert = parent;
    struct cap_info *info = field_append(r, &alert->infos, &alert->info_count, sizeof *info);
    info->line = reader_line(r, node);
    READ(info_elements, r, node, info);
}

#define ALERT(field) offsetof(struct alert, field)
static const struct element alert_elements[] = {
    {"identifier", KIND_TEXT, false, ALERT(identifier), NULL, NULL},
    {"sender", KIND_TEXT, false, ALERT(sender), NULL, NULL},
    {"sent", KIND_TIME, false, ALERT(sent), NULL, NULL},
    {"status", KIND_CODE, false, ALERT(status), &status_field, NULL},
    {"msgType", KIND_CODE, false, ALERT(msg_type), &msg_type_field, NULL},
    {"password", KIND_OTHER, false, 0, NULL, read_nothing},
    {"source", KIND_TEXT, false, ALERT(source), NULL, NULL},
    {"scope", KIND_CODE, false, ALERT(scope), &scope_field, NULL},
    {"restriction", KIND_TEXT, false, ALERT(restriction), NULL, NULL},
    {"addresses", KIND_QUOTED, false, ALERT(addresses), NULL, NULL},
    {"code", KIND_TEXTS, true, ALERT(codes), NULL, NULL},
    {"note", KIND_TEXT, false, ALERT(note), NULL, NULL},
    {"references", KIND_OTHER, false, 0, NULL, read_references},
    {"incidents", KIND_QUOTED, false, ALERT(incidents), NULL, NULL},
    {"info", KIND_OTHER, true, 0, NULL, read_info},
};

void read_alert(struct reader *r)
{
    r->alert->version =
        cap_version_of_namespace(r->root->ns ? (const char *)r->root->ns->href : NULL);
    r->alert->line = reader_line(r, r->root);
    READ(alert_elements, r, r->root, r->alert);
    find_missing(r);
}
