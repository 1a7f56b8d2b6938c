#include "alert/prose.h"

#include "alert/entry.h"
#include "alert/fields.h"
#include "alert/parse.h"
#include "alert/text.h"
#include "base/buf.h"

enum text_kind { TEXT_TITLE, TEXT_CONTENT, TEXT_SUMMARY, TEXT_KINDS };

static const char *const kind_names[] = {"title", "content", "summary"};

static bool is_block(const xmlNode *node)
{
    static const char *const names[] = {"p",  "div", "br", "li", "ul", "ol", "tr",        "table",
                                        "h1", "h2",  "h3", "h4", "h5", "h6", "blockquote"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp((const char *)node->name, names[i]) == 0)
            return true;
    return false;
}

static void end_line(struct buf *out)
{
    while (out->len && out->ptr[out->len - 1] == ' ')
        out->len--;
    if (out->len && out->ptr[out->len - 1] != '\n')
        buf_put_char(out, '\n');
}

static void put_words(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool space = slice_is_xml_space(text.ptr[i]);
        bool wanted = out->len && out->ptr[out->len - 1] != ' ' && out->ptr[out->len - 1] != '\n';
        if (!space)
            buf_put_char(out, text.ptr[i]);
        else if (wanted)
            buf_put_char(out, ' ');
    }
}

static void put_text(struct buf *out, const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next) {
        if (child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE)
            put_words(out, slice_from_cstr((const char *)child->content));
        if (child->type != XML_ELEMENT_NODE)
            continue;
        if (is_block(child))
            end_line(out);
        put_text(out, child);
        if (is_block(child))
            end_line(out);
    }
}

static struct slice text_of(struct reader *r, const xmlNode *node)
{
    struct buf out;
    buf_init(&out, PARSE_BYTES_MAX);
    put_text(&out, node);
    struct slice text = slice_trim(buf_slice(&out));
    text = text.len ? arena_copy(r->arena, text) : (struct slice){NULL, 0};
    buf_fini(&out);
    return text;
}

static struct slice *text_in(struct prose *prose, size_t i, enum text_kind kind)
{
    struct slice *texts[TEXT_KINDS] = {
        [TEXT_TITLE] = &prose->items[i].title,
        [TEXT_CONTENT] = &prose->items[i].content,
        [TEXT_SUMMARY] = &prose->items[i].summary,
    };
    return texts[kind];
}

/* Of a text that is given twice the first counts: Atom allows one. */
static void add_text(struct reader *r, const xmlNode *node, struct slice language,
                     enum text_kind kind, struct slice text, struct prose *out)
{
    size_t i = 0;
    if (!text.len)
        return;
    while (i < out->count && !slice_ieq(out->items[i].language, language))
        i++;
    if (i == PROSE_LANGUAGES_MAX) {
        reader_find(r, "atom.languages", FINDING_WARNING, node, "more than %d languages; left out",
                    PROSE_LANGUAGES_MAX);
        return;
    }
    if (i == out->count)
        out->items[out->count++].language = language;
    struct slice *place = text_in(out, i, kind);
    if (!place->len)
        *place = text;
}

static struct slice own_language(struct reader *r, const xmlNode *node)
{
    xmlChar *value = xmlGetNsProp(node, (const xmlChar *)"lang", XML_XML_NAMESPACE);
    struct slice text = slice_trim(slice_from_cstr((const char *)value));
    text = text.len ? arena_copy(r->arena, text) : (struct slice){NULL, 0};
    xmlFree(value);
    return text;
}

static struct slice language_around(struct reader *r, const xmlNode *node)
{
    struct slice language = {NULL, 0};
    for (; node && node->type == XML_ELEMENT_NODE && !language.len; node = node->parent)
        language = own_language(r, node);
    return language;
}

/* The texts of an element and of its later siblings in that language, as paragraphs of one. */
static struct slice joined(struct reader *r, const xmlNode *first, struct slice language)
{
    struct buf out;
    buf_init(&out, PARSE_BYTES_MAX);
    for (const xmlNode *node = first; node; node = node->next)
        if (node->type == XML_ELEMENT_NODE && slice_ieq(own_language(r, node), language)) {
            put_text(&out, node);
            end_line(&out);
        }
    struct slice text = slice_trim(buf_slice(&out));
    text = text.len ? arena_copy(r->arena, text) : (struct slice){NULL, 0};
    buf_fini(&out);
    return text;
}

static bool is_among(const struct slice *languages, size_t count, struct slice language)
{
    while (count > 0 && !slice_ieq(languages[count - 1], language))
        count--;
    return count > 0;
}

/* Divs with a language of their own, directly in the text or in the div that Atom asks for. Each
 * language is gathered once: joining div by div takes minutes for a megabyte of them. */
static bool read_divs(struct reader *r, const xmlNode *parent, enum text_kind kind,
                      struct prose *out)
{
    struct slice seen[PROSE_LANGUAGES_MAX];
    size_t count = 0;
    for (const xmlNode *child = parent->children; child; child = child->next) {
        struct slice language =
            child->type == XML_ELEMENT_NODE ? own_language(r, child) : SLICE("");
        if (!language.len || is_among(seen, count, language))
            continue;
        if (count == PROSE_LANGUAGES_MAX) {
            reader_find(r, "atom.languages", FINDING_WARNING, child,
                        "more than %d languages; left out", PROSE_LANGUAGES_MAX);
            break;
        }
        seen[count++] = language;
        add_text(r, child, language, kind, joined(r, child, language), out);
    }
    return count > 0;
}

static void read_text(struct reader *r, const xmlNode *node, enum text_kind kind, struct prose *out)
{
    const xmlNode *div = xmlFirstElementChild((xmlNode *)node);
    xmlChar *src = xmlGetNoNsProp(node, (const xmlChar *)"src");
    if (src)
        reader_find(r, "atom.content.src", FINDING_WARNING, node,
                    "the content is elsewhere and not fetched: '%.*s'",
                    SLICE_ARG(text_clip(slice_from_cstr((const char *)src), 80)));
    xmlFree(src);
    if (read_divs(r, node, kind, out) || (div && read_divs(r, div, kind, out)))
        return;
    add_text(r, node, language_around(r, node), kind, div ? text_of(r, node) : field_words(r, node),
             out);
}

/* Takes the texts without language out and gives them to those that lack one. */
static void share_plain(struct prose *prose)
{
    size_t plain = 0;
    while (plain < prose->count && prose->items[plain].language.len)
        plain++;
    if (plain == prose->count || prose->count == 1)
        return;
    for (size_t i = 0; i < prose->count; i++)
        for (int kind = 0; kind < TEXT_KINDS; kind++)
            if (!text_in(prose, i, (enum text_kind)kind)->len)
                *text_in(prose, i, (enum text_kind)kind) =
                    *text_in(prose, plain, (enum text_kind)kind);
    memmove(&prose->items[plain], &prose->items[plain + 1],
            (prose->count - plain - 1) * sizeof prose->items[0]);
    prose->count--;
}

void prose_read(struct reader *r, struct prose *out)
{
    *out = (struct prose){0};
    for (int kind = 0; kind < TEXT_KINDS; kind++)
        for (const xmlNode *child = r->root->children; child; child = child->next)
            if (entry_is(child, kind_names[kind]))
                read_text(r, child, (enum text_kind)kind, out);
    share_plain(out);
    out->count = out->count ? out->count : 1;
}
