#include "translate/tables.h"

#include "base/digest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All that translation reads; the digest over them is part of every bulletin. */
static const char *const tables_read[] = {
    "ca_csd_locations", "ca_provinces",      "capcp_events",  "capcp_to_same",  "clc_marine_zones",
    "clc_zones",        "eccc_alert_names",  "english",       "english_places", "event_names_fr",
    "french",           "french_places",     "languages",     "nws_events",     "region_offsets",
    "same_events",      "same_marine_areas", "same_to_capcp", "us_states",      "value_names",
    "vtec_actions",     "vtec_significance"};
enum { TABLE_COUNT = sizeof(tables_read) / sizeof(tables_read[0]) };

static const struct schema_table *table_of(const char *name)
{
    const struct schema_table *table = schema_table_find(name);
    if (!table) {
        fprintf(stderr, "no table %s in this program\n", name);
        abort(); /* tables and their reader are built together */
    }
    return table;
}

const char *translate_tables_version(void)
{
    static _Thread_local char text[DIGEST_HEX_MAX];
    struct digest_state state;
    digest_begin(&state);
    for (size_t i = 0; i < TABLE_COUNT; i++) {
        digest_add_sized(&state, slice_from_cstr(tables_read[i]));
        digest_add_sized(&state, slice_from_cstr(table_of(tables_read[i])->sha256));
    }
    struct digest digest = digest_end(&state);
    digest_hex(&digest, text);
    text[16] = '\0';
    return text;
}

static struct slice cell(const struct schema_table *table, size_t row, const char *column)
{
    return slice_from_cstr(schema_cell(table, row, schema_column(table, column)));
}

struct slice table_cell(const char *name, struct slice key, const char *column)
{
    const struct schema_table *table = table_of(name);
    size_t row = schema_row_find(table, key.ptr ? key.ptr : "", key.len);
    return row < table->row_count ? cell(table, row, column) : (struct slice){0};
}

/* First row whose cell in that column is the key; row_count where none is. Tables are short. */
static size_t row_by(const struct schema_table *table, const char *column, struct slice key)
{
    size_t at = schema_column(table, column);
    size_t row = 0;
    while (row < table->row_count && !slice_ieq_cstr(key, schema_cell(table, row, at)))
        row++;
    return slice_is_empty(key) ? table->row_count : row;
}

struct slice table_cell_nocase(const char *name, struct slice key, const char *column)
{
    const struct schema_table *table = table_of(name);
    size_t row = row_by(table, table->columns[0], key);
    return row < table->row_count ? cell(table, row, column) : (struct slice){0};
}

static enum fidelity fidelity_of(struct slice text)
{
    static const char *const names[] = {"none", "exact", "broader", "narrower"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (slice_eq_cstr(text, names[i]))
            return (enum fidelity)i;
    }
    return FIDELITY_NONE;
}

/* A row of low confidence is a guess and counts as none. */
static struct event_match match(const struct schema_table *table, size_t row, const char *code,
                                const char *fidelity)
{
    struct event_match found = {.reason = cell(table, row, "source"),
                                .table = table->name,
                                .key = cell(table, row, table->columns[0]),
                                .confidence = cell(table, row, "confidence")};
    if (slice_eq_cstr(found.confidence, "low"))
        return found;
    found.fidelity = fidelity_of(cell(table, row, fidelity));
    if (found.fidelity != FIDELITY_NONE)
        found.code = cell(table, row, code);
    return found;
}

static struct event_match no_match(const struct schema_table *table)
{
    return (struct event_match){.reason = SLICE("the code is in no table"), .table = table->name};
}

struct slice table_class(struct slice name)
{
    static const char *const classes[] = {"warning", "watch", "advisory", "statement"};
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
        if (slice_ieq_cstr(name, classes[i]))
            return slice_from_cstr(classes[i]);
    }
    return (struct slice){0};
}

/* The row has codes, but none for this class. */
static struct event_match match_by_class(const struct schema_table *table, size_t row,
                                         struct slice event_class)
{
    static const struct {
        const char *class, *code, *fidelity;
    } columns[] = {{"warning", "same_warning", "fidelity_warning"},
                   {"watch", "same_watch", "fidelity_watch"},
                   {"advisory", "same_statement", "fidelity_statement"},
                   {"statement", "same_statement", "fidelity_statement"}};
    struct event_match found = match(table, row, "same_any", "fidelity_any");
    found.reason = SLICE("nothing tells whether it is a warning, a watch or a statement");
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
        if (!slice_eq_cstr(event_class, columns[i].class))
            continue;
        found = match(table, row, columns[i].code, columns[i].fidelity);
        if (slice_is_empty(cell(table, row, columns[i].code)))
            found.reason = SLICE("SAME has no code for this class of the hazard; generic codes are "
                                 "not guessed");
    }
    return found;
}

struct event_match table_capcp_to_same(struct slice capcp_code, struct slice event_class)
{
    const struct schema_table *table = table_of("capcp_to_same");
    size_t row = row_by(table, "capcp_code", capcp_code);
    if (row == table->row_count)
        return no_match(table);
    if (!slice_is_empty(cell(table, row, "same_any")) ||
        slice_eq_cstr(cell(table, row, "fidelity_any"), "none"))
        return match(table, row, "same_any", "fidelity_any");
    return match_by_class(table, row, event_class);
}

struct event_match table_same_to_capcp(struct slice same_code)
{
    const struct schema_table *table = table_of("same_to_capcp");
    size_t row = row_by(table, "same_code", same_code);
    return row < table->row_count ? match(table, row, "capcp_code", "fidelity") : no_match(table);
}

struct event_match table_nws_to_capcp(const char *column, struct slice key)
{
    const struct schema_table *table = table_of("nws_events");
    size_t row = row_by(table, column, key);
    return row < table->row_count ? match(table, row, "capcp_code", "fidelity") : no_match(table);
}

static struct slice nws_cell(const char *column, struct slice key, const char *wanted)
{
    const struct schema_table *table = table_of("nws_events");
    size_t row = row_by(table, column, key);
    return row < table->row_count ? cell(table, row, wanted) : (struct slice){0};
}

struct slice table_nws_class(const char *column, struct slice key)
{
    return nws_cell(column, key, "class");
}

struct slice table_nws_name(const char *column, struct slice key)
{
    return nws_cell(column, key, "nws_event");
}

struct slice table_words(enum words words, const char *group, const char *value)
{
    char key[64];
    int len = snprintf(key, sizeof(key), "%s%s%s", group, *value ? "." : "", value);
    return table_cell(words == WORDS_FRENCH ? "french" : "english", slice_of(key, (size_t)len),
                      "text");
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* The byte there, but for the last byte of a full-width character (U+FF01 to U+FF5E, `Ａ`): that is
 * the ASCII one that receivers which normalise (NFKC) make of it. The bytes before it are marks. */
static char letter_at(struct slice name, size_t at)
{
    const unsigned char *c = (const unsigned char *)name.ptr + at;
    if (*c < 0x80 || at < 2 || c[-2] != 0xEF || (c[-1] != 0xBC && c[-1] != 0xBD))
        return (char)*c;
    unsigned folded = (*c & 0x3Fu) + (c[-1] == 0xBC ? 0x20 : 0x60);
    return folded > ' ' && folded <= '~' ? (char)folded : (char)*c;
}

/* Its letters and digits, in lower case: nothing passes for being spelled otherwise, with another
 * mark between its words, with a blank that nobody sees or in full width. */
static const char *fold(struct arena *arena, struct slice name)
{
    char *folded = arena_alloc(arena, name.len + 1);
    size_t len = 0;
    for (size_t at = 0; at < name.len; at++) {
        char letter = letter_at(name, at);
        if (is_letter(letter))
            folded[len++] = lower(letter);
    }
    folded[len] = '\0';
    return folded;
}

/* The pattern from its next letter, digit or star on, or its end. */
static const char *past_marks(const char *pattern)
{
    while (*pattern && *pattern != '*' && !is_letter(*pattern))
        pattern++;
    return pattern;
}

/* `*` stands for any run of letters. Backtracks only to the last star, so the time is bounded by
 * the product of lengths. */
static bool fits(const char *pattern, const char *folded)
{
    const char *star = NULL; /* what has to come after the last star */
    const char *resume = NULL;
    for (;;) {
        pattern = past_marks(pattern);
        if (*pattern == '*') {
            while (*pattern == '*')
                pattern = past_marks(pattern + 1);
            if (!*pattern)
                return true;
            star = pattern;
            resume = folded = strchr(folded, lower(*star));
        } else if (*pattern && lower(*pattern) == *folded) {
            pattern++;
            folded++;
        } else if (!*pattern && !*folded) {
            return true;
        } else if (star) {
            pattern = star;
            resume = folded = strchr(resume + 1, lower(*star));
        } else {
            return false;
        }
        if (!folded)
            return false;
    }
}

/* Whether the first letters alone rule the pattern out, as they nearly always do. */
static bool begins_otherwise(const char *pattern, char first)
{
    return is_letter(*pattern) && lower(*pattern) != first;
}

struct name_rule table_name_rule(enum target target, const char *element, struct slice name,
                                 struct arena *arena)
{
    const struct schema_table *table = table_of("value_names");
    const char *folded = fold(arena, name);
    size_t element_len = strlen(element);
    size_t best = table->row_count, best_len = 0;
    for (size_t row = 0; row < table->row_count; row++) {
        const char *key = schema_cell(table, row, 0);
        if (*key != *element || strncmp(key, element, element_len) != 0 || key[element_len] != '/')
            continue;
        const char *pattern = key + element_len + 1;
        if (begins_otherwise(pattern, *folded) || !fits(pattern, folded))
            continue;
        size_t len = strlen(pattern);
        if (len > best_len) {
            best = row;
            best_len = len;
        }
    }
    if (best == table->row_count)
        return (struct name_rule){.keep = true};
    const char *column = target == TARGET_US_EXCHANGE ? "to_us" : "to_ca";
    return (struct name_rule){.keep = slice_eq_cstr(cell(table, best, column), "keep"),
                              .counterpart = cell(table, best, "counterpart"),
                              .description = cell(table, best, "description"),
                              .reason = cell(table, best, "reason"),
                              .key = cell(table, best, "key")};
}
