#include "alert/fields.h"

#include "alert/text.h"

enum { SHOWN_MAX = 80 };

static struct slice shown(struct slice text)
{
    return text_clip(text, SHOWN_MAX);
}

/* An array is full when it holds none or a power of two that is not less than the first size. */
void *field_append(struct reader *r, void *items_pointer, size_t *count, size_t item_size)
{
    enum { FIRST = 4 };
    void *items;
    memcpy(&items, items_pointer, sizeof items);
    bool full = *count == 0 || (*count >= FIRST && (*count & (*count - 1)) == 0);
    size_t capacity = full ? *count : *count + 1;
    items = arena_grow(r->arena, items, *count, &capacity, item_size);
    memcpy(items_pointer, &items, sizeof items);
    return memset((char *)items + item_size * (*count)++, 0, item_size);
}

struct slice field_words(struct reader *r, const xmlNode *node)
{
    const xmlNode *child = node->children;
    if (!child)
        return (struct slice){NULL, 0};
    xmlChar *joined = NULL;
    const xmlChar *content = child->content;
    if (child->next || child->type != XML_TEXT_NODE)
        content = joined = xmlNodeGetContent(node);
    struct slice text = slice_trim(slice_from_cstr((const char *)content));
    text = text.len ? arena_copy(r->arena, text) : (struct slice){NULL, 0};
    xmlFree(joined);
    return text;
}

struct cap_time field_time(struct reader *r, const xmlNode *node)
{
    struct slice text = field_words(r, node);
    struct cap_time time = cap_time_parse(text);
    if (time.set || text.len == 0)
        return time;
    time = cap_time_parse_lenient(text);
    if (time.set)
        reader_find(r, "cap.time.form", FINDING_WARNING, node,
                    "'%.*s' is not of the form 2026-04-15T20:51:47-00:00; read as UTC where no "
                    "offset is given",
                    SLICE_ARG(shown(text)));
    else
        reader_find(r, "cap.time.unreadable", FINDING_WARNING, node, "'%.*s' is not a time",
                    SLICE_ARG(shown(text)));
    return time;
}

unsigned field_code(struct reader *r, const xmlNode *node, const struct code_field *field)
{
    struct slice text = field_words(r, node);
    unsigned value = code_find(field->list, text);
    if (value || text.len == 0)
        return value;
    if (!field->exact)
        value = code_ifind(field->list, text);
    /* CAP 1.0 said Very Likely where 1.1 has Likely. */
    if (!value && field->list == &codes_certainty && slice_ieq_cstr(text, "Very Likely"))
        value = CERTAINTY_LIKELY;
    if (value && !(field->list == &codes_certainty && r->alert->version == CAP_1_0))
        reader_find(r, "cap.code.spelling", FINDING_WARNING, node, "'%.*s' is read as %s",
                    SLICE_ARG(shown(text)), field->list->names[value]);
    if (value)
        return value;
    const char *outcome = field->fallback ? "read as Unknown" : "left out";
    reader_find(r, field->rule_unknown, field->exact ? FINDING_FATAL : FINDING_WARNING, node,
                "'%.*s' is not a value of this element; %s", SLICE_ARG(shown(text)), outcome);
    return field->fallback;
}

static bool next_item(struct slice *rest, struct slice *item)
{
    while (rest->len && slice_is_xml_space(rest->ptr[0]))
        *rest = slice_sub(*rest, 1, rest->len);
    if (!slice_starts_with(*rest, "\""))
        return slice_next_token(rest, item);
    struct slice quoted = slice_sub(*rest, 1, rest->len);
    ptrdiff_t close = slice_find(quoted, "\"");
    if (close < 0)
        return slice_next_token(rest, item);
    *item = slice_sub(quoted, 0, (size_t)close);
    *rest = slice_sub(quoted, (size_t)close + 1, quoted.len);
    return true;
}

struct cap_texts field_quoted_items(struct reader *r, const xmlNode *node)
{
    struct cap_texts texts = {0};
    struct slice rest = field_words(r, node), item;
    while (next_item(&rest, &item)) {
        if (item.len == 0)
            continue;
        struct slice *place = field_append(r, &texts.items, &texts.count, sizeof *texts.items);
        *place = item;
    }
    return texts;
}

static size_t count_commas(struct slice s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.len; i++)
        count += s.ptr[i] == ',';
    return count;
}

static bool is_triple(struct slice s, size_t commas)
{
    return commas >= 2 && s.ptr[0] != ',' && s.ptr[s.len - 1] != ',';
}

static void add_reference(struct reader *r, const xmlNode *node, struct slice triple)
{
    struct cap_reference reference = {0};
    size_t first = (size_t)slice_find(triple, ",");
    size_t last = triple.len - 1;
    while (triple.ptr[last] != ',')
        last--;
    reference.sender = slice_trim(slice_sub(triple, 0, first));
    reference.identifier = slice_trim(slice_sub(triple, first + 1, last));
    struct slice sent = slice_sub(triple, last + 1, triple.len);
    reference.sent = cap_time_parse_lenient(sent);
    if (!reference.sent.set)
        reader_find(r, "cap.references.sent", FINDING_WARNING, node,
                    "the time of the reference '%.*s' cannot be read", SLICE_ARG(shown(triple)));
    struct cap_reference *place =
        field_append(r, &r->alert->references, &r->alert->reference_count, sizeof *place);
    *place = reference;
}

static void find_bad_reference(struct reader *r, const xmlNode *node, struct slice text)
{
    if (text.len)
        reader_find(r, "cap.references.form", FINDING_WARNING, node,
                    "'%.*s' is not sender,identifier,sent; left out", SLICE_ARG(shown(text)));
}

/*
 * Triples are separated by white space. Blanks inside one (`a, b, c`) are borne: what is not a
 * triple yet is joined with what follows it until it is one. Its commas are counted as it grows: to
 * count them anew with each word would take minutes for a megabyte of words.
 */
void field_references(struct reader *r, const xmlNode *node)
{
    struct slice rest = field_words(r, node), token, open = {NULL, 0};
    size_t open_commas = 0;
    while (slice_next_token(&rest, &token)) {
        size_t commas = count_commas(token);
        if (is_triple(token, commas)) {
            find_bad_reference(r, node, open);
            open = (struct slice){NULL, 0};
            open_commas = 0;
            add_reference(r, node, token);
            continue;
        }
        const char *begin = open.ptr ? open.ptr : token.ptr;
        open = slice_of(begin, (size_t)(token.ptr + token.len - begin));
        open_commas += commas;
        if (is_triple(open, open_commas)) {
            add_reference(r, node, open);
            open = (struct slice){NULL, 0};
            open_commas = 0;
        }
    }
    find_bad_reference(r, node, open);
}
