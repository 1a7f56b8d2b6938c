#include "client/internal.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ANSWER_TIMEOUT_MS = 5000, FIRST_BEAT_US = 15 * 1000000 };

enum caprelay_code client_error(struct caprelay_error *error, enum caprelay_code code,
                                const char *format, ...)
{
    va_list args;

    if (!error)
        return code;
    error->code = code;
    va_start(args, format);
    vsnprintf(error->text, sizeof error->text, format, args);
    va_end(args);
    return code;
}

enum caprelay_code client_error_from(struct caprelay_error *error, const struct err *err)
{
    static const enum caprelay_code codes[] = {
        [OK] = CAPRELAY_OK,
        [ERR_INVALID] = CAPRELAY_INVALID,
        [ERR_LIMIT] = CAPRELAY_INVALID,
        [ERR_NOT_FOUND] = CAPRELAY_NOT_FOUND,
        [ERR_EXISTS] = CAPRELAY_INVALID,
        [ERR_IO] = CAPRELAY_IO,
        [ERR_FULL] = CAPRELAY_IO,
        [ERR_CRYPTO] = CAPRELAY_REFUSED,
        [ERR_STATE] = CAPRELAY_STATE,
        [ERR_TIMEOUT] = CAPRELAY_TIMEOUT,
    };

    return client_error(error, codes[err->code], "%s", err->text);
}

static enum caprelay_code check_options(const struct caprelay_options *options,
                                        struct caprelay_error *error)
{
    if (!options || options->size != sizeof *options || !options->card_path)
        return client_error(error, CAPRELAY_INVALID, "options of another version, or without card");
    if (options->class_name &&
        alert_class_from_name(slice_from_cstr(options->class_name)) == CLASS_NONE)
        return client_error(error, CAPRELAY_INVALID, "class '%s': actual or exercise",
                            options->class_name);
    if (options->side && side_from_name(slice_from_cstr(options->side)) == SIDE_NONE)
        return client_error(error, CAPRELAY_INVALID, "side '%s': ca or us", options->side);
    if (options->region_count && !options->side)
        return client_error(error, CAPRELAY_INVALID, "regions need a side");
    if (options->region_count >= TOPICS_MAX)
        return client_error(error, CAPRELAY_INVALID, "at most %d regions", TOPICS_MAX - 1);
    for (size_t i = 0; i < options->region_count; i++) {
        const char *region = options->regions[i];
        if (strlen(region) != 2 || region[0] < 'A' || region[0] > 'Z' || region[1] < 'A' ||
            region[1] > 'Z')
            return client_error(error, CAPRELAY_INVALID, "region '%s': two capital letters",
                                region);
    }
    return CAPRELAY_OK;
}

static void add_topic(struct caprelay *relay, const char *side, const char *region)
{
    struct slice topic =
        arena_printf(relay->arena, "%s.%s.%s.", alert_class_name(relay->class), side, region);

    for (size_t i = 0; i < relay->topic_count; i++)
        if (slice_eq(relay->topics[i], topic))
            return;
    relay->topics[relay->topic_count++] = topic;
}

static void choose_topics(struct caprelay *relay, const struct caprelay_options *options)
{
    relay->topics = arena_alloc_array(relay->arena, TOPICS_MAX, sizeof *relay->topics);
    if (!options->region_count) {
        if (!options->side || strcmp(options->side, "ca") == 0)
            add_topic(relay, "ca", "all");
        if (!options->side || strcmp(options->side, "us") == 0)
            add_topic(relay, "us", "all");
        return;
    }
    add_topic(relay, options->side, "--");
    for (size_t i = 0; i < options->region_count; i++)
        add_topic(relay, options->side, options->regions[i]);
}

static enum err_code load_files(struct caprelay *relay, const struct caprelay_options *options,
                                struct err *err)
{
    if (seal_init(err) != OK ||
        card_load(relay->arena, options->card_path, &relay->card, err) != OK)
        return err->code;
    if (!options->curve_key_path)
        key_new(&relay->curve, KEY_CURVE);
    else if (key_load(options->curve_key_path, &relay->curve, err) != OK)
        return err->code;
    if (relay->curve.purpose != KEY_CURVE || !relay->curve.has_secret)
        return err_set(err, ERR_INVALID, "%s is no secret CURVE key", options->curve_key_path);
    return parser_create(&relay->parser, err);
}

enum caprelay_code caprelay_open(const struct caprelay_options *options, struct caprelay **out,
                                 struct caprelay_error *error)
{
    struct caprelay *relay;
    struct err err = {0};
    enum caprelay_code code = check_options(options, error);

    *out = NULL;
    if (code != CAPRELAY_OK)
        return code;
    relay = mem_alloc(sizeof *relay);
    relay->arena = arena_create();
    relay->class = options->class_name ? alert_class_from_name(slice_from_cstr(options->class_name))
                                       : CLASS_ACTUAL;
    relay->start = options->start;
    relay->answer_timeout_us =
        (options->answer_timeout_ms > 0 ? options->answer_timeout_ms : ANSWER_TIMEOUT_MS) *
        INT64_C(1000);
    choose_topics(relay, options);
    follow_init(&relay->follow, relay->topics, relay->topic_count, options->side == NULL);
    follow_start(&relay->follow, options->start == CAPRELAY_START_AFTER ? options->after : 0);
    relay->wants_keys = true;
    relay->link_deadline_us = client_now_us() + FIRST_BEAT_US;
    if (load_files(relay, options, &err) != OK) {
        caprelay_close(relay);
        return client_error_from(error, &err);
    }
    *out = relay;
    return CAPRELAY_OK;
}

void caprelay_close(struct caprelay *relay)
{
    if (!relay)
        return;
    client_disconnect(relay);
    catchup_drop_held(relay);
    for (struct pending *pending = relay->queue.first, *next; pending; pending = next) {
        next = pending->next;
        event_free(pending);
    }
    event_free(relay->given);
    follow_fini(&relay->follow);
    parser_destroy(relay->parser);
    key_wipe(&relay->curve);
    arena_destroy(relay->answer_arena);
    arena_destroy(relay->base_arena);
    arena_destroy(relay->keys_arena);
    arena_destroy(relay->arena);
    free(relay);
}

uint64_t caprelay_position(const struct caprelay *relay)
{
    return relay->follow.position;
}
