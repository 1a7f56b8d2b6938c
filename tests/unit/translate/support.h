/*
 * support: what the tests of translate share: an alert from text, its translation, and what must be
 * true of every one.
 */
#ifndef CAPRELAY_TESTS_TRANSLATE_SUPPORT_H
#define CAPRELAY_TESTS_TRANSLATE_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/lifecycle.h"
#include "alert/parse.h"
#include "translate/explain.h"
#include "translate/notes.h"
#include "translate/translate.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

struct fixture {
    struct parser *parser;
    struct arena *arena;
    struct geo *geo; /* NULL unless the test opens one */
};

static inline void fixture_open(struct fixture *fixture)
{
    struct err err;
    *fixture = (struct fixture){.arena = arena_create()};
    assert_int_equal(parser_create(&fixture->parser, &err), OK);
}

static inline void fixture_close(struct fixture *fixture)
{
    geo_close(fixture->geo);
    parser_destroy(fixture->parser);
    arena_destroy(fixture->arena);
}

static inline struct slice read_whole(struct arena *arena, const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return (struct slice){0};
    char *bytes = arena_alloc(arena, PARSE_BYTES_MAX);
    size_t len = fread(bytes, 1, PARSE_BYTES_MAX, file);
    fclose(file);
    return slice_of(bytes, len);
}

static inline const struct alert *alert_of(struct fixture *fixture, struct slice bytes)
{
    struct parsed parsed = parser_read(fixture->parser, fixture->arena, bytes);
    assert_int_equal(parsed.count, 1);
    return parsed.alerts[0];
}

static inline enum err_code translate_to(struct fixture *fixture, const struct alert *alert,
                                         enum target target, const struct alert *const *referenced,
                                         size_t referenced_count, struct translation *out,
                                         struct err *err)
{
    struct translate_options options = {.geo = fixture->geo,
                                        .derived_sender = SLICE("relay@test.example"),
                                        .sliver_share = TRANSLATE_SLIVER_SHARE_DEFAULT};
    struct translate_input input = {.alert = alert,
                                    .class = alert_class_of_status(alert->status),
                                    .target = target,
                                    .referenced = referenced,
                                    .referenced_count = referenced_count};
    return translate(&options, &input, fixture->arena, out, err);
}

/* Lower case letters and digits only: what a careless reader of a name might see. */
static inline void bare_name(struct slice name, char *out, size_t size)
{
    size_t len = 0;
    for (size_t i = 0; i < name.len && len + 1 < size; i++) {
        if (isalnum((unsigned char)name.ptr[i]))
            out[len++] = (char)tolower((unsigned char)name.ptr[i]);
    }
    out[len] = '\0';
}

/* Independent of value_names.tsv on purpose. */
static inline void check_no_broadcast(const struct alert *derived, enum target target)
{
    static const char *const asking[] = {
        "broadcastimmediately", "broadcasttext", "wirelessimmediate",
        "wirelesstext",         "weahandling",   "cmamtext",
        "cmamlongtext",         "easorg",        "eastext",
        "broadcastintrusive",   "easmustcarry",  "layersorem"};
    for (size_t i = 0; i < derived->info_count; i++) {
        const struct cap_pairs *parameters = &derived->infos[i].parameters;
        size_t blocked = 0;
        for (size_t j = 0; j < parameters->count; j++) {
            char name[400];
            bare_name(parameters->items[j].name, name, sizeof(name));
            for (size_t k = 0; k < sizeof(asking) / sizeof(asking[0]); k++)
                assert_null(strstr(name, asking[k]));
            blocked += strcmp(name, "blockchannel") == 0;
        }
        assert_int_equal(blocked, target == TARGET_US_EXCHANGE ? 3 : 0);
    }
}

static inline void check_expires(const struct cap_info *source, const struct cap_info *derived)
{
    if (derived->expires.set) {
        assert_true(source->expires.set);
        assert_true(derived->expires.utc_s <= source->expires.utc_s);
    }
}

/* A smaller value is the stronger one; nothing given counts as Unknown, the weakest. */
static inline void check_not_raised(const struct cap_info *source, const struct cap_info *derived)
{
    assert_true((source->urgency ? source->urgency : URGENCY_UNKNOWN) <= derived->urgency);
    assert_true((source->severity ? source->severity : SEVERITY_UNKNOWN) <= derived->severity);
    assert_true((source->certainty ? source->certainty : CERTAINTY_UNKNOWN) <= derived->certainty);
    check_expires(source, derived);
}

/* Made by the relay: a source may have French that it calls AutoTranslated, too. */
static inline bool is_generated(const struct cap_info *info)
{
    bool french = slice_eq_cstr(info->language, "fr-CA") &&
                  slice_find(info->description, "Texte fran\u00e7ais produit automatiquement") >= 0;
    bool english = slice_eq_cstr(info->language, "en-US") &&
                   slice_find(info->description, "English text made automatically") >= 0;
    return (french || english) &&
           slice_ieq_cstr(cap_pairs_find(&info->parameters, "profile:CAP-CP:0.4:AutoTranslated"),
                          "yes");
}

static inline void check_event_codes(const struct alert *derived, enum target target)
{
    static const char *const never[] = {"BHW", "BWW", "CHW", "CWW", "DBA", "DBW",
                                        "DEW", "EVA", "FCW", "FSW", "FZW", "IBW",
                                        "IFW", "LSW", "POS", "WFA", "WFW"};
    const char *scheme = target == TARGET_US_EXCHANGE ? "SAME" : "profile:CAP-CP:Event:0.4";
    struct slice first = {0};
    for (size_t i = 0; i < derived->info_count; i++) {
        const struct cap_pairs *codes = &derived->infos[i].event_codes;
        size_t count = 0;
        for (size_t j = 0; j < codes->count; j++)
            count += slice_ieq_cstr(codes->items[j].name, scheme);
        assert_true(count <= 1);
        struct slice code = cap_pairs_find(codes, scheme);
        if (i == 0)
            first = code;
        assert_true(slice_eq(code, first));
        for (size_t j = 0; target == TARGET_US_EXCHANGE && j < sizeof(never) / sizeof(never[0]);
             j++)
            assert_false(slice_ieq_cstr(code, never[j]));
    }
}

static inline void check_areas(const struct alert *derived, enum target target)
{
    for (size_t i = 0; i < derived->info_count; i++) {
        for (size_t j = 0; j < derived->infos[i].area_count; j++) {
            const struct cap_area *area = &derived->infos[i].areas[j];
            if (target == TARGET_CA_EXCHANGE) {
                assert_false(
                    slice_is_empty(cap_pairs_find(&area->geocodes, "profile:CAP-CP:Location:0.3")));
                assert_true(slice_is_empty(cap_pairs_find(&area->geocodes, "SAME")));
            }
            assert_false(slice_is_empty(area->area_desc));
        }
    }
}

/* Only an ending becomes something else, and only a Cancel of what it references. */
static inline void check_msg_type(const struct alert *source, const struct alert *derived)
{
    if (derived->msg_type == source->msg_type)
        return;
    assert_int_equal(derived->msg_type, MSG_TYPE_CANCEL);
    assert_true(alert_is_ending(source));
    assert_true(derived->reference_count > 0);
}

/* All of them, each once. */
static inline void check_references(const struct alert *source, const struct alert *derived)
{
    size_t distinct = 0;
    for (size_t i = 0; i < source->reference_count; i++) {
        struct identity identity = identity_of_reference(&source->references[i], CLASS_ACTUAL);
        bool repeated = false;
        for (size_t j = 0; j < i && source->references[i].sent.set && !repeated; j++) {
            struct identity other = identity_of_reference(&source->references[j], CLASS_ACTUAL);
            repeated = source->references[j].sent.set && identity_eq(&identity, &other);
        }
        distinct += !repeated;
    }
    assert_int_equal(derived->reference_count, distinct);
}

/* What is true of every translation, whatever came in. `source_infos` is false where infos come
 * from a referenced alert. */
static inline void check_translation(struct fixture *fixture, const struct alert *source,
                                     enum target target, const struct translation *translation,
                                     bool source_infos)
{
    struct err err = {0};
    if (parser_validate_cap12(fixture->parser, translation->xml, &err) != OK)
        fail_msg("not valid: %s\n%.*s", err.text, SLICE_ARG(translation->xml));
    const struct alert *derived = alert_of(fixture, translation->xml);
    assert_true(derived->relayable);
    assert_int_equal(derived->status, source->status);
    check_msg_type(source, derived);
    assert_int_equal(derived->scope, source->scope ? source->scope : SCOPE_PUBLIC);
    assert_true(derived->sent.utc_s == source->sent.utc_s);
    check_references(source, derived);
    assert_true(identity_is_derived(derived->identifier));
    assert_true(slice_eq(derived->identifier, translation->identifier));
    check_no_broadcast(derived, target);
    check_event_codes(derived, target);
    check_areas(derived, target);
    if (!source_infos)
        return;
    size_t at = 0, generated = 0;
    for (size_t i = 0; i < derived->info_count; i++) {
        bool made = at > 0 && is_generated(&derived->infos[i]);
        if (!made)
            at++;
        generated += made;
        assert_true(at >= 1 && at <= source->info_count);
        check_not_raised(&source->infos[at - 1], &derived->infos[i]);
    }
    assert_int_equal(derived->info_count, source->info_count + generated);
    assert_int_equal(at, source->info_count);
}

/* Every element of the source and of the translation is accounted for. */
static inline void check_explained(struct fixture *fixture, const struct alert *source,
                                   enum target target)
{
    struct trace trace = {0};
    struct translation translation;
    struct explanation explanation;
    struct err err = {0};
    struct translate_options options = {.geo = fixture->geo,
                                        .derived_sender = SLICE("relay@test.example"),
                                        .sliver_share = TRANSLATE_SLIVER_SHARE_DEFAULT,
                                        .trace = &trace};
    struct translate_input input = {
        .alert = source, .class = alert_class_of_status(source->status), .target = target};
    assert_int_equal(translate(&options, &input, fixture->arena, &translation, &err), OK);
    assert_true(explain(source, &translation, &trace, fixture->arena, &explanation));
    for (size_t i = 0; i < explanation.count; i++) {
        const struct explain_row *row = &explanation.rows[i];
        if (row->how == EXPLAIN_COPIED && !slice_eq(row->from_value, row->to_value))
            assert_true(slice_find(row->to, "/polygon[") >= 0);
        if (row->how == EXPLAIN_UNACCOUNTED)
            fail_msg("%s: nobody accounts for %.*s (%.*s) -> %.*s (%.*s)", target_name(target),
                     SLICE_ARG(row->from), SLICE_ARG(row->from_value), SLICE_ARG(row->to),
                     SLICE_ARG(row->to_value));
    }
}

#endif
