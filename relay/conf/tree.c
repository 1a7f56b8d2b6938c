/*
 * YAML events to a tree of nodes, each with its line. The events are read rather than libyaml's
 * document, which hides anchors, tags and the line of a key, and lets a repeated key pass.
 */
#include "conf/internal.h"

#include "base/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yaml.h>

enum { CONF_BYTES_MAX = 1024 * 1024, CONF_DEPTH_MAX = 16 };

struct builder {
    struct conf_doc *doc;
    struct conf_node *open[CONF_DEPTH_MAX];
    size_t depth;
    struct slice key; /* read, its value is still to come */
    unsigned key_line;
    bool has_key;
    unsigned documents;
    struct err *err; /* the first that was refused */
};

/* What ends the reading. */
static enum err_code refuse_line(const struct builder *b, size_t line, struct err *err,
                                 const char *text)
{
    return err_set(err, ERR_INVALID, "%s:%zu: %s", b->doc->path.ptr, line + 1, text);
}

/* What does not: the rest can still be told from it. `node` may be NULL. */
static void __attribute__((format(printf, 4, 5)))
note_line(struct builder *b, const struct conf_node *node, size_t line, const char *format, ...)
{
    char text[sizeof b->err->text], whole[sizeof text + PATH_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(whole, sizeof whole, "%s:%zu: %s", b->doc->path.ptr, line + 1, text);
    if (b->doc->faults->count == 0)
        err_set(b->err, ERR_INVALID, "%s", whole);
    conf_record(b->doc, node, (unsigned)line + 1, slice_from_cstr(whole));
}

static enum err_code check_key(struct builder *b, const yaml_event_t *event, struct err *err)
{
    size_t line = event->start_mark.line;
    if (event->type != YAML_SCALAR_EVENT)
        return refuse_line(b, line, err, "a key must be a plain word");
    struct slice key = slice_of(event->data.scalar.value, event->data.scalar.length);
    if (key.len == 0 || key.len > 64 || memchr(key.ptr, '\0', key.len))
        return refuse_line(b, line, err, "a key must be a plain word");
    const struct conf_node *earlier = conf_child(b->open[b->depth - 1], key);
    if (earlier)
        note_line(b, NULL, line, "%.*s: is given twice; it was on line %u already, so take one out",
                  SLICE_ARG(key), earlier->key_line);
    b->key = arena_copy(b->doc->arena, key);
    b->key_line = (unsigned)line + 1;
    b->has_key = true;
    return OK;
}

static struct conf_node *add_node(struct builder *b, enum conf_kind kind, size_t line)
{
    struct conf_node *node = arena_alloc(b->doc->arena, sizeof *node);
    node->doc = b->doc;
    node->kind = kind;
    node->line = (unsigned)line + 1;
    if (b->depth == 0) {
        b->doc->root = node;
        return node;
    }
    struct conf_node *parent = b->open[b->depth - 1];
    node->parent = parent;
    node->index = parent->count++;
    if (parent->kind == CONF_MAPPING) {
        node->key = b->key;
        node->key_line = b->key_line;
        b->has_key = false;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    return node;
}

static enum err_code open_node(struct builder *b, const yaml_event_t *event, struct err *err)
{
    if (b->depth == CONF_DEPTH_MAX)
        return refuse_line(b, event->start_mark.line, err, "nested too deeply");
    enum conf_kind kind = event->type == YAML_MAPPING_START_EVENT ? CONF_MAPPING : CONF_SEQUENCE;
    struct conf_node *node = add_node(b, kind, event->start_mark.line);
    b->open[b->depth++] = node;
    return OK;
}

/* In place of what another place would have to say. */
static void add_alias(struct builder *b, const yaml_event_t *event)
{
    struct conf_node *node = add_node(b, CONF_SCALAR, event->start_mark.line);
    node->unread = true;
    note_line(b, node, event->start_mark.line,
              "an alias (*%s) is refused; write the value out (one that begins with `*` in quotes)",
              (const char *)event->data.alias.anchor);
}

static enum err_code add_scalar(struct builder *b, const yaml_event_t *event, struct err *err)
{
    const yaml_char_t *value = event->data.scalar.value;
    size_t len = event->data.scalar.length;
    if (memchr(value, '\0', len))
        return refuse_line(b, event->start_mark.line, err, "a NUL character is in the value");
    struct conf_node *node = add_node(b, CONF_SCALAR, event->start_mark.line);
    node->text = arena_copy(b->doc->arena, slice_of(value, len));
    node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    return OK;
}

/* What two readers may take for different things is refused before it means anything. */
static enum err_code check_event(struct builder *b, const yaml_event_t *event, struct err *err)
{
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        anchor = event->data.scalar.anchor;
        tag = event->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = event->data.sequence_start.anchor;
        tag = event->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = event->data.mapping_start.anchor;
        tag = event->data.mapping_start.tag;
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (b->documents++ > 0)
            return refuse_line(b, event->start_mark.line, err,
                               "a second document begins; write all keys into one");
        break;
    default:
        break;
    }
    if (anchor)
        note_line(b, NULL, event->start_mark.line,
                  "an anchor (&%s) is refused; write the value out (one that begins with `&` in "
                  "quotes)",
                  (const char *)anchor);
    if (tag)
        note_line(b, NULL, event->start_mark.line,
                  "a tag (%s) is refused; leave it out (a text that begins with `!` in quotes)",
                  (const char *)tag);
    return OK;
}

static enum err_code take_event(struct builder *b, const yaml_event_t *event, struct err *err)
{
    enum err_code code = check_event(b, event, err);
    if (code != OK)
        return code;
    bool value = event->type == YAML_SCALAR_EVENT || event->type == YAML_SEQUENCE_START_EVENT ||
                 event->type == YAML_MAPPING_START_EVENT || event->type == YAML_ALIAS_EVENT;
    if (value && b->depth > 0 && b->open[b->depth - 1]->kind == CONF_MAPPING && !b->has_key)
        return check_key(b, event, err);
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        add_alias(b, event);
        return OK;
    case YAML_SCALAR_EVENT:
        return add_scalar(b, event, err);
    case YAML_SEQUENCE_START_EVENT:
    case YAML_MAPPING_START_EVENT:
        return open_node(b, event, err);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return OK;
    default:
        return OK;
    }
}

/* Bytes that are no text. */
static enum err_code refuse_bytes(const struct builder *b, const yaml_parser_t *parser,
                                  struct slice text, struct err *err)
{
    char whole[200];
    size_t line = 0;
    for (size_t i = 0; i < parser->problem_offset && i < text.len; i++)
        line += text.ptr[i] == '\n';
    snprintf(whole, sizeof whole,
             "is no text (%s: 0x%02X); UTF-8 without control characters is wanted",
             parser->problem ? parser->problem : "?", (unsigned)parser->problem_value);
    return refuse_line(b, line, err, whole);
}

/* libyaml's words, and what is right where people go wrong most. */
static enum err_code refuse_syntax(const struct builder *b, const yaml_parser_t *parser,
                                   struct slice text, struct err *err)
{
    static const char *const hint = "keys of one level begin in one column, and what holds `: `, "
                                    "` #` or begins with one of *&!%@`[]{}\"' is put in quotes";
    char whole[sizeof err->text];
    const char *problem = parser->problem ? parser->problem : "something else was expected";
    size_t at = parser->problem_mark.index;
    if (parser->error == YAML_READER_ERROR)
        return refuse_bytes(b, parser, text, err);
    if (at < text.len && text.ptr[at] == '\t')
        return refuse_line(b, parser->problem_mark.line, err,
                           "a tab stands where YAML wants blanks; indent with blanks");
    if (parser->context)
        snprintf(whole, sizeof whole, "is no YAML: %s from line %zu on: %s; %s", parser->context,
                 parser->context_mark.line + 1, problem, hint);
    else
        snprintf(whole, sizeof whole, "is no YAML: %s; %s", problem, hint);
    return refuse_line(b, parser->problem_mark.line, err, whole);
}

static enum err_code build(struct builder *b, yaml_parser_t *parser, struct slice text,
                           struct err *err)
{
    for (bool done = false; !done;) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event))
            return refuse_syntax(b, parser, text, err);
        enum err_code code = take_event(b, &event, err);
        done = event.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
        if (code != OK)
            return code;
    }
    if (!b->doc->root || b->doc->root->kind != CONF_MAPPING)
        return refuse_line(b, 0, err, "the file must hold keys with values, as `listen: ...`");
    return b->doc->faults->count ? ERR_INVALID : OK;
}

static struct slice folder_of(struct arena *arena, const char *path)
{
    char here[PATH_MAX];
    const char *slash = strrchr(path, '/');
    struct slice folder = slash ? slice_of(path, (size_t)(slash - path)) : (struct slice){0};
    if (path[0] == '/')
        return arena_copy(arena, folder.len ? folder : SLICE("/"));
    if (!getcwd(here, sizeof here))
        strcpy(here, ".");
    if (folder.len == 0)
        return arena_copy(arena, slice_from_cstr(here));
    return arena_printf(arena, "%s/%.*s", here, SLICE_ARG(folder));
}

enum err_code conf_doc_inspect(const char *path, struct slice text, struct conf_doc **out,
                               struct err *err)
{
    *out = NULL;
    /* libyaml would read it; who else does is not known. */
    if (slice_starts_with(text, "\xff\xfe") || slice_starts_with(text, "\xfe\xff"))
        return err_set(err, ERR_INVALID, "%s:1: is UTF-16; save it as UTF-8", path);
    struct arena *arena = arena_create();
    struct conf_doc *doc = arena_alloc(arena, sizeof *doc);
    doc->arena = arena;
    doc->faults = arena_alloc(arena, sizeof *doc->faults);
    doc->path = arena_copy(arena, slice_from_cstr(path));
    doc->folder = folder_of(arena, path);

    yaml_parser_t parser;
    if (!yaml_parser_initialize(&parser)) {
        conf_doc_destroy(doc);
        return err_set(err, ERR_IO, "%s: libyaml cannot start", path);
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)(text.ptr ? text.ptr : ""),
                                 text.len);
    struct builder builder = {.doc = doc, .err = err};
    enum err_code code = build(&builder, &parser, text, err);
    bool whole = code == OK || parser.stream_end_produced;
    yaml_parser_delete(&parser);
    if (!whole || !doc->root || doc->root->kind != CONF_MAPPING) {
        conf_doc_destroy(doc);
        return code;
    }
    *out = doc;
    return code;
}

enum err_code conf_doc_parse(const char *path, struct slice text, struct conf_doc **out,
                             struct err *err)
{
    enum err_code code = conf_doc_inspect(path, text, out, err);
    if (code != OK) {
        conf_doc_destroy(*out);
        *out = NULL;
    }
    return code;
}

enum err_code conf_doc_load(const char *path, struct conf_doc **out, struct err *err)
{
    *out = NULL;
    FILE *file = fopen(path, "re");
    if (!file)
        return err_errno(err, errno, "%s", path);
    char *text = mem_alloc(CONF_BYTES_MAX + 1);
    size_t len = fread(text, 1, CONF_BYTES_MAX + 1, file);
    enum err_code code = OK;
    if (ferror(file))
        code = err_errno(err, errno, "%s", path);
    else if (len > CONF_BYTES_MAX)
        code = err_set(err, ERR_LIMIT,
                       "%s: is larger than 1 MiB, which no configuration is; is it the right file?",
                       path);
    else
        code = conf_doc_inspect(path, slice_of(text, len), out, err);
    fclose(file);
    free(text);
    return code;
}

void conf_doc_destroy(struct conf_doc *doc)
{
    if (doc)
        arena_destroy(doc->arena);
}

const struct conf_node *conf_doc_root(const struct conf_doc *doc)
{
    return doc->root;
}

const struct conf_node *conf_child(const struct conf_node *map, struct slice key)
{
    for (const struct conf_node *child = map->first; child; child = child->next)
        if (slice_eq(child->key, key))
            return child;
    return NULL;
}

const struct conf_node *conf_find(const struct conf_node *map, const char *key)
{
    struct slice rest = slice_from_cstr(key), name;
    while (map && slice_next_part(&rest, '.', &name))
        map = conf_child(map, name);
    return map;
}

bool conf_has(const struct conf_node *map, const char *key)
{
    return conf_find(map, key) != NULL;
}

static void digest_node(struct digest_state *state, const struct conf_node *node)
{
    digest_add_u64be(state, (uint64_t)node->kind * 2 + node->quoted);
    digest_add_sized(state, node->text);
    digest_add_u64be(state, node->count);
    for (const struct conf_node *child = node->first; child; child = child->next) {
        digest_add_sized(state, child->key);
        digest_node(state, child);
    }
}

struct digest conf_node_digest(const struct conf_node *node)
{
    struct digest_state state;
    digest_begin(&state);
    digest_node(&state, node);
    return digest_end(&state);
}
