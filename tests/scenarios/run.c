/*
 * run: plays one scenario: a text script on virtual time, through the real intake and a real
 * journal in a folder that is removed afterwards.
 *
 *   now 2026-01-12T12:00:00Z | advance +2h | clock unsynchronised | clock synchronised
 *   source NAME [country=ca|us] [else=ca|us] [class=exercise]
 *   authority NAME [class=actual,exercise] [regions=NB,ME] [events=...]
 *   policy within=50 filter=on|off | boundaries off
 *   rule NAME relay|drop [to=] [event=] [severity-at-least=] [severity-at-most=] [source=]
 * [status=] [within=] [beyond=] message NAME key=value... | raw NAME TEXT | envelope NAME
 * MESSAGE...       (see message.h) deliver MESSAGE from SOURCE [as AUTHORITY] [label LABEL] [dry]
 *   collect          waits for the journal and takes the outcomes; `expect` does so too
 *   expect LABEL VERDICT [reason=] [us=ME,NH|none|nowhere] [ca=] [first=LABEL] [remark=CODE]
 * [no-remark=CODE] [finding=RULE] [note=CODE] [class=] [until=TIME|never] [receipt=yes|no]
 * [bulletins=N] [alert=yes|no] [geocodes=SCHEME:[CODE,...],...] [derived=MSGTYPE] in-force CLASS
 * SIDE LABEL... exactly these, in the order of their numbers same-derived LABEL LABEL |
 * other-derived LABEL LABEL counts VERDICT N | restart | crash MESSAGE | kill MESSAGE
 */
#include "alert/parse.h"
#include "intake/intake.h"
#include "message.h"
#include "seal/packet.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SOURCES_MAX = 16, RULES_MAX = 16, OUTCOMES_MAX = 400, LIST_MAX = 16, WAIT_MS = 20000 };

struct outcome {
    const char *label;
    bool settled;
    struct slice verdict, reason, detail, notes;
    enum alert_class class;
    int64_t arrival, first_arrival;
    bool has_receipt, has_alert;
    struct {
        bool sent;
        uint64_t seq;
        struct slice regions; /* "ME,NH"; "none" */
        struct slice derived;
    } sides[SIDE_US + 1];
    size_t bulletin_count;
};

struct world {
    struct arena *arena;
    struct clock clock;
    int64_t now_us;
    bool unsynchronised;
    char folder[64];
    char path[96];
    struct key actual, exercise;
    struct intake_sealer *sealer;
    struct journal *journal;
    struct parser *parser;
    struct geo *geo;
    bool without_geo;
    struct intake *intake;
    struct route_policy policy;
    struct route_rule rules[RULES_MAX];
    struct intake_source sources[SOURCES_MAX];
    size_t source_count;
    struct intake_grants authorities[SOURCES_MAX];
    size_t authority_count;
    struct messages messages;
    struct outcome outcomes[OUTCOMES_MAX];
    size_t outcome_count;
    const char *script;
    unsigned line;
};

static _Noreturn void fail(const struct world *world, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void remove_folder(const struct world *world);

static _Noreturn void fail(const struct world *world, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fprintf(stderr, "%s:%u: ", world->script, world->line);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    remove_folder(world);
    _exit(1);
}

/* --- the world --- */

static int64_t world_now(void *context)
{
    return __atomic_load_n(&((struct world *)context)->now_us, __ATOMIC_RELAXED);
}

static bool world_synchronised(void *context)
{
    return !((struct world *)context)->unsynchronised;
}

static void wake(void *context)
{
    (void)context;
}

static int64_t now_s(const struct world *world)
{
    return world->now_us / 1000000;
}

static struct slice list_of(struct world *world, struct slice text, char separator)
{
    struct slice copy = arena_copy(world->arena, text);
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == separator)
            ((char *)(uintptr_t)copy.ptr)[i] = ',';
    return copy;
}

static struct slice joined(struct world *world, const struct slice *items, size_t count)
{
    struct slice text = count ? arena_copy(world->arena, items[0]) : SLICE("none");
    for (size_t i = 1; i < count; i++)
        text = arena_printf(world->arena, "%.*s,%.*s", SLICE_ARG(text), SLICE_ARG(items[i]));
    return text;
}

static void settle(void *context, const struct intake_outcome *from)
{
    struct world *world = context;
    struct outcome *to = from->tag;
    /* Alerts of an envelope: LABEL, then LABEL/2, LABEL/3 ... */
    for (unsigned part = 2; to->settled; part++) {
        const char *label =
            arena_printf(world->arena, "%s/%u", ((struct outcome *)from->tag)->label, part).ptr;
        to = NULL;
        for (size_t i = 0; i < world->outcome_count && !to; i++)
            if (strcmp(world->outcomes[i].label, label) == 0)
                to = &world->outcomes[i];
        if (!to) {
            to = &world->outcomes[world->outcome_count++];
            to->label = label;
        }
    }
    to->settled = true;
    to->verdict = arena_copy(world->arena, from->verdict);
    to->reason = arena_copy(world->arena, from->reason);
    to->detail = arena_copy(world->arena, from->detail);
    to->notes = arena_copy(world->arena, from->notes_json);
    to->class = from->class;
    to->arrival = from->arrival;
    to->first_arrival = from->first_arrival;
    to->has_receipt = from->receipt.len > 0;
    to->has_alert = from->alert != NULL;
    to->bulletin_count = from->bulletin_count;
    for (size_t i = 0; i < from->bulletin_count; i++) {
        const struct intake_outcome_bulletin *bulletin = &from->bulletins[i];
        to->sides[bulletin->side].sent = true;
        to->sides[bulletin->side].seq = bulletin->seq;
        to->sides[bulletin->side].regions =
            joined(world, bulletin->regions, bulletin->region_count);
        to->sides[bulletin->side].derived = arena_copy(world->arena, bulletin->derived_identifier);
    }
}

static void open_world(struct world *world)
{
    struct err err = {0};
    struct bulletin_options bulletin = {.compress = true, .inline_max_bytes = 512 * 1024};
    struct journal_options journal = {.path = world->path, .clock = &world->clock};
    if (intake_sealer_create(&bulletin, &world->actual, &world->exercise, SLICE("scenario"),
                             &world->sealer, &err) != OK)
        fail(world, "sealer: %s", err.text);
    intake_sealer_hooks(world->sealer, &journal.hooks);
    journal.hooks.wake = wake;
    if (journal_open(&journal, &world->journal, &err) != OK)
        fail(world, "journal: %s", err.text);
    struct intake_options options = {
        .journal = world->journal,
        .parser = world->parser,
        .geo = world->without_geo ? NULL : world->geo,
        .clock = &world->clock,
        .translate = {.geo = world->without_geo ? NULL : world->geo,
                      .derived_sender = SLICE("caprelay@scenario.example"),
                      .sliver_share = 0.01},
        .policy = &world->policy,
        .in_force_default_hours = 24,
        .relay_name = SLICE("scenario"),
        .bulletin = bulletin,
        .actual_key = &world->actual,
        .exercise_key = &world->exercise,
        .settle = settle,
        .settle_context = world,
    };
    if (intake_create(&options, &world->intake, &err) != OK)
        fail(world, "intake: %s", err.text);
}

static void collect(struct world *world)
{
    if (!journal_wait(world->journal, WAIT_MS))
        fail(world, "the journal does not commit: %s", journal_state(world->journal).text);
    while (intake_collect(world->intake, 100))
        ;
}

static void close_world(struct world *world)
{
    collect(world);
    intake_destroy(world->intake);
    journal_close(world->journal, WAIT_MS, NULL);
    intake_sealer_destroy(world->sealer);
}

static void remove_folder(const struct world *world)
{
    DIR *folder = world->folder[0] ? opendir(world->folder) : NULL;
    for (struct dirent *item; folder && (item = readdir(folder));) {
        char path[400];
        snprintf(path, sizeof(path), "%s/%s", world->folder, item->d_name);
        if (item->d_name[0] != '.')
            unlink(path);
    }
    if (folder)
        closedir(folder);
    rmdir(world->folder);
}

static void start_world(struct world *world, const char *script)
{
    struct err err = {0};
    world->script = script;
    world->arena = arena_create();
    world->messages.arena = world->arena;
    world->clock = (struct clock){world_now, world_synchronised, world};
    world->now_us = INT64_C(1768219200) * 1000000; /* 2026-01-12T12:00:00Z */
    world->policy =
        (struct route_policy){.border_filter = true, .within_km = 50, .rules = world->rules};
    snprintf(world->folder, sizeof(world->folder), "/tmp/caprelay-scenario-XXXXXX");
    if (!mkdtemp(world->folder))
        fail(world, "no temporary folder");
    snprintf(world->path, sizeof(world->path), "%s/journal.db", world->folder);
    if (seal_init(&err) != OK || parser_create(&world->parser, &err) != OK ||
        geo_open(CAPRELAY_BUILD "/boundaries-standard.bin", &world->geo, &err) != OK)
        fail(world, "%s", err.text);
    key_new(&world->actual, KEY_ACTUAL);
    key_new(&world->exercise, KEY_EXERCISE);
    open_world(world);
}

static void end_world(struct world *world)
{
    close_world(world);
    parser_destroy(world->parser);
    geo_close(world->geo);
    remove_folder(world);
    arena_destroy(world->arena);
}

/* --- words --- */

struct words {
    char *items[WORDS_MAX];
    size_t count;
};

/* Blanks part words; "..." keeps them; a '#' at the start of a word ends the line. */
static void split(char *text, struct words *words)
{
    words->count = 0;
    while (words->count < WORDS_MAX - 8) {
        text += strspn(text, " \t\n");
        if (!*text || *text == '#')
            return;
        char *to = text;
        words->items[words->count++] = to;
        bool quoted = false;
        for (; *text && (quoted || !strchr(" \t\n", *text)); text++) {
            if (*text == '"')
                quoted = !quoted;
            else
                *to++ = *text;
        }
        bool end = !*text;
        *to = '\0';
        if (end)
            return;
        text++;
    }
}

static const char *word_value(const struct words *words, const char *key)
{
    size_t len = strlen(key);
    for (size_t i = 1; i < words->count; i++)
        if (strncmp(words->items[i], key, len) == 0 && words->items[i][len] == '=')
            return words->items[i] + len + 1;
    return NULL;
}

/* The word behind that one. */
static const char *word_after(const struct words *words, const char *key)
{
    for (size_t i = 2; i + 1 < words->count; i++)
        if (strcmp(words->items[i], key) == 0)
            return words->items[i + 1];
    return NULL;
}

static const struct slice *list_value(struct world *world, const struct words *words,
                                      const char *key, size_t *count)
{
    const char *text = word_value(words, key);
    struct slice *items = arena_alloc_array(world->arena, LIST_MAX, sizeof(*items));
    struct slice rest = arena_copy(world->arena, slice_from_cstr(text ? text : "")), part;
    *count = 0;
    while (text && *count < LIST_MAX && slice_next_part(&rest, ',', &part))
        items[(*count)++] = part;
    return items;
}

static struct slice kept(struct world *world, const char *text)
{
    return arena_copy(world->arena, slice_from_cstr(text));
}

static double number_value(const struct words *words, const char *key, double otherwise)
{
    const char *text = word_value(words, key);
    return text ? atof(text) : otherwise;
}

/* --- setting the stage --- */

static void do_now(struct world *world, const struct words *words)
{
    int64_t at_s = 0;
    if (!message_time(words->items[1], now_s(world), &at_s))
        fail(world, "no time: %s", words->items[1]);
    __atomic_store_n(&world->now_us, at_s * 1000000, __ATOMIC_RELAXED);
}

static void do_clock(struct world *world, const struct words *words)
{
    world->unsynchronised = strcmp(words->items[1], "unsynchronised") == 0;
}

static void do_source(struct world *world, const struct words *words)
{
    const char *class = word_value(words, "class");
    struct intake_source *source = &world->sources[world->source_count++];
    source->name = kept(world, words->items[1]);
    source->country = side_from_name(slice_from_cstr(word_value(words, "country")));
    source->country_else = side_from_name(slice_from_cstr(word_value(words, "else")));
    source->class = class ? alert_class_from_name(slice_from_cstr(class)) : CLASS_ACTUAL;
}

static void do_authority(struct world *world, const struct words *words)
{
    struct intake_grants *grants = &world->authorities[world->authority_count++];
    const char *class = word_value(words, "class");
    grants->authority = kept(world, words->items[1]);
    grants->actual = !class || strstr(class, "actual");
    grants->exercise = !class || strstr(class, "exercise");
    grants->regions = list_value(world, words, "regions", &grants->region_count);
    grants->events = list_value(world, words, "events", &grants->event_count);
}

static void do_policy(struct world *world, const struct words *words)
{
    const char *filter = word_value(words, "filter");
    world->policy.within_km = number_value(words, "within", world->policy.within_km);
    if (filter)
        world->policy.border_filter = strcmp(filter, "on") == 0;
}

static enum cap_severity severity_value(const struct words *words, const char *key)
{
    const char *text = word_value(words, key);
    for (int i = SEVERITY_EXTREME; text && i <= SEVERITY_UNKNOWN; i++)
        if (strcmp(text, cap_severity_name((enum cap_severity)i)) == 0)
            return (enum cap_severity)i;
    return SEVERITY_NONE;
}

static enum cap_status status_value(const struct words *words, const char *key)
{
    const char *text = word_value(words, key);
    for (int i = STATUS_ACTUAL; text && i <= STATUS_DRAFT; i++)
        if (strcmp(text, cap_status_name((enum cap_status)i)) == 0)
            return (enum cap_status)i;
    return STATUS_NONE;
}

static void do_rule(struct world *world, const struct words *words)
{
    struct route_rule *rule = &world->rules[world->policy.rule_count++];
    rule->name = kept(world, words->items[1]);
    rule->relay = strcmp(words->items[2], "relay") == 0;
    rule->to = side_from_name(slice_from_cstr(word_value(words, "to")));
    rule->status = status_value(words, "status");
    rule->events = list_value(world, words, "event", &rule->event_count);
    rule->sources = list_value(world, words, "source", &rule->source_count);
    rule->severity_at_least = severity_value(words, "severity-at-least");
    rule->severity_at_most = severity_value(words, "severity-at-most");
    rule->within_km = number_value(words, "within", -1);
    rule->beyond_km = number_value(words, "beyond", -1);
}

static void do_boundaries(struct world *world, const struct words *words)
{
    close_world(world);
    world->without_geo = strcmp(words->items[1], "off") == 0;
    open_world(world);
}

static void do_message(struct world *world, const struct words *words)
{
    const char *fault = message_add(&world->messages, words->items[1], words->items + 2,
                                    words->count - 2, now_s(world));
    if (fault)
        fail(world, "%s", fault);
}

static void do_raw(struct world *world, const struct words *words)
{
    const char *fault =
        message_add_raw(&world->messages, words->items[1], slice_from_cstr(words->items[2]));
    if (fault)
        fail(world, "%s", fault);
}

static void do_envelope(struct world *world, const struct words *words)
{
    const char *fault =
        message_add_envelope(&world->messages, words->items[1], words->items + 2, words->count - 2);
    if (fault)
        fail(world, "%s", fault);
}

/* --- playing --- */

static const struct intake_source *source_named(const struct world *world, const char *name)
{
    for (size_t i = 0; name && i < world->source_count; i++)
        if (slice_eq_cstr(world->sources[i].name, name))
            return &world->sources[i];
    fail(world, "no source %s", name ? name : "(from)");
}

static const struct intake_grants *authority_named(const struct world *world, const char *name)
{
    for (size_t i = 0; name && i < world->authority_count; i++)
        if (slice_eq_cstr(world->authorities[i].authority, name))
            return &world->authorities[i];
    if (name)
        fail(world, "no authority %s", name);
    return NULL;
}

static const struct message *message_named(struct world *world, const char *name)
{
    const struct message *message = message_find(&world->messages, name);
    if (!message)
        fail(world, "no message %s", name);
    return message;
}

static void do_deliver(struct world *world, const struct words *words)
{
    const struct message *message = message_named(world, words->items[1]);
    const char *label = word_after(words, "label");
    struct outcome *outcome = &world->outcomes[world->outcome_count++];
    outcome->label = arena_cstr(world->arena, slice_from_cstr(label ? label : words->items[1]));
    struct intake_delivery delivery = {
        .source = source_named(world, word_after(words, "from")),
        .bytes = message->bytes,
        .received_us = world->now_us,
        .grants = authority_named(world, word_after(words, "as")),
        .tag = outcome,
        .dry_run = strcmp(words->items[words->count - 1], "dry") == 0,
    };
    intake_deliver(world->intake, &delivery);
    if (delivery.dry_run && !outcome->settled)
        fail(world, "a dry run has its outcome at once");
}

static void do_collect(struct world *world, const struct words *words)
{
    (void)words;
    collect(world);
}

static void do_restart(struct world *world, const struct words *words)
{
    (void)words;
    close_world(world);
    open_world(world);
}

/* The process dies while it works on that message. */
static void do_crash(struct world *world, const struct words *words)
{
    struct digest digest = digest_of(message_named(world, words->items[1])->bytes);
    collect(world);
    journal_guard(world->journal, &digest);
    if (strcmp(words->items[0], "crash") == 0)
        journal_fault(world->journal);
    close_world(world);
    open_world(world);
}

/* --- looking --- */

static const struct outcome *outcome_named(const struct world *world, const char *label)
{
    for (size_t i = world->outcome_count; i-- > 0;)
        if (strcmp(world->outcomes[i].label, label) == 0)
            return &world->outcomes[i];
    fail(world, "nothing was delivered as %s", label);
}

static bool remarked(const struct outcome *outcome, const char *member, const char *value)
{
    char text[200];
    snprintf(text, sizeof(text), "\"%s\":\"%s\"", member, value);
    return slice_find(outcome->notes, text) >= 0;
}

static void expect_side(struct world *world, const struct outcome *outcome, enum side side,
                        const char *wanted)
{
    struct slice is = outcome->sides[side].sent ? outcome->sides[side].regions : SLICE("nowhere");
    if (wanted && !slice_eq(list_of(world, slice_from_cstr(wanted), '+'), is))
        fail(world, "%s went to %s: %.*s, not %s", outcome->label, side_name(side), SLICE_ARG(is),
             wanted);
}

static void expect_text(struct world *world, const char *what, const char *wanted, struct slice is)
{
    if (wanted && !slice_eq_cstr(is, wanted))
        fail(world, "%s is \"%.*s\", not \"%s\"", what, SLICE_ARG(is), wanted);
}

static void expect_flag(struct world *world, const char *what, const char *wanted, bool is)
{
    if (wanted && (strcmp(wanted, "yes") == 0) != is)
        fail(world, "%s: %s", what, is ? "yes" : "no");
}

static void expect_notes(struct world *world, const struct outcome *outcome,
                         const struct words *words)
{
    static const struct {
        const char *key, *member;
        bool wanted;
    } kinds[] = {{"remark", "code", true},
                 {"no-remark", "code", false},
                 {"note", "code", true},
                 {"finding", "rule", true}};
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        size_t count;
        const struct slice *items = list_value(world, words, kinds[i].key, &count);
        for (size_t k = 0; k < count; k++) {
            const char *value = arena_cstr(world->arena, items[k]);
            if (remarked(outcome, kinds[i].member, value) != kinds[i].wanted)
                fail(world, "%s %s: %s in %.*s", kinds[i].key, value,
                     kinds[i].wanted ? "not" : "is", SLICE_ARG(outcome->notes));
        }
    }
}

struct until {
    int64_t seconds;
    uint64_t seq;
};

static bool take_until(void *context, const struct journal_row *row)
{
    struct until *until = context;
    until->seconds = row->until_s;
    return false;
}

static void expect_until(struct world *world, const struct outcome *outcome, const char *wanted)
{
    if (!wanted)
        return;
    struct err err = {0};
    struct until until = {0};
    int64_t at_s = 0;
    enum side side = outcome->sides[SIDE_US].sent ? SIDE_US : SIDE_CA;
    if (strcmp(wanted, "never") != 0 && !message_time(wanted, now_s(world), &at_s))
        fail(world, "no time: %s", wanted);
    if (journal_get(world->journal, outcome->class, outcome->sides[side].seq, take_until, &until,
                    &err) != OK)
        fail(world, "%s", err.text);
    if (until.seconds != at_s)
        fail(world, "in force until %lld, not %lld", (long long)until.seconds, (long long)at_s);
}

struct frame {
    struct arena *arena;
    struct slice bytes;
};

static bool take_frame(void *context, const struct journal_row *row)
{
    struct frame *frame = context;
    frame->bytes = arena_copy(frame->arena, row->frame);
    return false;
}

static struct packet bulletin_of(struct world *world, const struct outcome *outcome)
{
    struct err err = {0};
    struct packet packet = {0};
    struct frame frame = {.arena = world->arena};
    enum side side = outcome->sides[SIDE_US].sent ? SIDE_US : SIDE_CA;
    if (journal_get(world->journal, outcome->class, outcome->sides[side].seq, take_frame, &frame,
                    &err) != OK ||
        packet_open(world->arena, frame.bytes, &packet, &err) != OK)
        fail(world, "%s", err.text);
    return packet;
}

/* msgType of the derived message: the third part, behind header and signature. */
static void expect_derived(struct world *world, const struct outcome *outcome, const char *wanted)
{
    if (!wanted)
        return;
    struct packet packet = bulletin_of(world, outcome);
    ptrdiff_t begin = slice_find(packet.parts[2], "<msgType>");
    ptrdiff_t end = slice_find(packet.parts[2], "</msgType>");
    if (packet.count < 3 || begin < 0 || end < begin)
        fail(world, "no derived message with a msgType");
    struct slice type =
        slice_sub(packet.parts[2], (size_t)begin + strlen("<msgType>"), (size_t)end);
    expect_text(world, "derived", wanted, type);
}

/* The codes in the bulletin's header, without the quotes of JSON. */
static void expect_geocodes(struct world *world, const struct outcome *outcome, const char *wanted)
{
    static const char name[] = "\"geocodes\":{";
    if (!wanted)
        return;
    struct packet packet = bulletin_of(world, outcome);
    ptrdiff_t at = slice_find(packet.parts[0], name);
    if (at < 0)
        fail(world, "no geocodes in the header");
    char found[1000];
    size_t len = 0;
    for (const char *c = packet.parts[0].ptr + at + strlen(name); *c != '}'; c++)
        if (*c != '"' && len + 1 < sizeof(found))
            found[len++] = *c;
    found[len] = '\0';
    expect_text(world, "geocodes", wanted, slice_from_cstr(found));
}

static void expect_first(struct world *world, const struct outcome *outcome, const char *label)
{
    if (!label)
        return;
    int64_t wanted = strcmp(label, "none") == 0 ? 0 : outcome_named(world, label)->arrival;
    if (outcome->first_arrival != wanted)
        fail(world, "the first is arrival %lld, not %lld (%s)", (long long)outcome->first_arrival,
             (long long)wanted, label);
}

static void do_expect(struct world *world, const struct words *words)
{
    collect(world);
    const struct outcome *outcome = outcome_named(world, words->items[1]);
    const char *count = word_value(words, "bulletins");
    if (!outcome->settled)
        fail(world, "%s has no outcome", outcome->label);
    if (!slice_eq_cstr(outcome->verdict, words->items[2]))
        fail(world, "%s is %.*s (%.*s: %.*s), not %s; %.*s", outcome->label,
             SLICE_ARG(outcome->verdict), SLICE_ARG(outcome->reason), SLICE_ARG(outcome->detail),
             words->items[2], SLICE_ARG(outcome->notes));
    expect_text(world, "reason", word_value(words, "reason"), outcome->reason);
    expect_text(world, "class", word_value(words, "class"),
                slice_from_cstr(alert_class_name(outcome->class)));
    expect_side(world, outcome, SIDE_CA, word_value(words, "ca"));
    expect_side(world, outcome, SIDE_US, word_value(words, "us"));
    expect_first(world, outcome, word_value(words, "first"));
    expect_notes(world, outcome, words);
    expect_until(world, outcome, word_value(words, "until"));
    expect_geocodes(world, outcome, word_value(words, "geocodes"));
    expect_derived(world, outcome, word_value(words, "derived"));
    expect_flag(world, "receipt", word_value(words, "receipt"), outcome->has_receipt);
    expect_flag(world, "alert", word_value(words, "alert"), outcome->has_alert);
    if (count && outcome->bulletin_count != (size_t)atoi(count))
        fail(world, "%zu bulletins, not %s", outcome->bulletin_count, count);
    if (word_value(words, "detail") && slice_find(outcome->detail, word_value(words, "detail")) < 0)
        fail(world, "detail is \"%.*s\"", SLICE_ARG(outcome->detail));
}

struct numbers {
    uint64_t items[OUTCOMES_MAX];
    size_t count;
};

static bool take_number(void *context, const struct journal_row *row)
{
    struct numbers *numbers = context;
    numbers->items[numbers->count++] = row->seq;
    return true;
}

static void do_in_force(struct world *world, const struct words *words)
{
    struct err err = {0};
    struct numbers numbers = {0};
    enum alert_class class = alert_class_from_name(slice_from_cstr(words->items[1]));
    enum side side = side_from_name(slice_from_cstr(words->items[2]));
    collect(world);
    if (journal_in_force(world->journal, class, side, (struct slice){0}, now_s(world), take_number,
                         &numbers, &err) != OK)
        fail(world, "%s", err.text);
    if (numbers.count != words->count - 3)
        fail(world, "%zu in force, not %zu", numbers.count, words->count - 3);
    for (size_t i = 0; i < numbers.count; i++) {
        const struct outcome *outcome = outcome_named(world, words->items[i + 3]);
        if (outcome->sides[side].seq != numbers.items[i])
            fail(world, "number %llu is in force, not %s (%llu)",
                 (unsigned long long)numbers.items[i], outcome->label,
                 (unsigned long long)outcome->sides[side].seq);
    }
}

static bool derived_equal(struct world *world, const struct words *words)
{
    collect(world);
    const struct outcome *a = outcome_named(world, words->items[1]);
    const struct outcome *b = outcome_named(world, words->items[2]);
    for (enum side side = SIDE_CA; side <= SIDE_US; side++)
        if (!slice_eq(a->sides[side].derived, b->sides[side].derived))
            return false;
    return true;
}

static void do_same_derived(struct world *world, const struct words *words)
{
    if (!derived_equal(world, words))
        fail(world, "derived identifiers differ");
}

static void do_other_derived(struct world *world, const struct words *words)
{
    if (derived_equal(world, words))
        fail(world, "derived identifiers are equal");
}

struct counted {
    const char *verdict;
    uint64_t total;
};

static void add_count(void *context, const char *class_name, const char *verdict,
                      struct slice reason, uint64_t count)
{
    struct counted *counted = context;
    (void)class_name;
    (void)reason;
    if (strcmp(verdict, counted->verdict) == 0)
        counted->total += count;
}

static void do_counts(struct world *world, const struct words *words)
{
    struct counted counted = {.verdict = words->items[1]};
    intake_counts(world->intake, add_count, &counted);
    if (counted.total != strtoull(words->items[2], NULL, 10))
        fail(world, "%llu %s", (unsigned long long)counted.total, words->items[1]);
}

static const struct {
    const char *name;
    size_t words; /* at least, with the name */
    void (*run)(struct world *world, const struct words *words);
} commands[] = {
    {"now", 2, do_now},
    {"advance", 2, do_now},
    {"clock", 2, do_clock},
    {"source", 2, do_source},
    {"authority", 2, do_authority},
    {"policy", 2, do_policy},
    {"rule", 3, do_rule},
    {"boundaries", 2, do_boundaries},
    {"message", 2, do_message},
    {"raw", 3, do_raw},
    {"envelope", 3, do_envelope},
    {"deliver", 4, do_deliver},
    {"collect", 1, do_collect},
    {"restart", 1, do_restart},
    {"crash", 2, do_crash},
    {"kill", 2, do_crash},
    {"expect", 3, do_expect},
    {"in-force", 3, do_in_force},
    {"same-derived", 3, do_same_derived},
    {"other-derived", 3, do_other_derived},
    {"counts", 3, do_counts},
};

static void run_line(struct world *world, char *line)
{
    struct words words;
    split(line, &words);
    if (!words.count)
        return;
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(commands[i].name, words.items[0]) == 0 && words.count >= commands[i].words) {
            commands[i].run(world, &words);
            return;
        }
    fail(world, "not understood: %s", words.items[0]);
}

int main(int argc, char **argv)
{
    static struct world world;
    FILE *file = argc == 2 ? fopen(argv[1], "r") : NULL;
    if (!file) {
        fprintf(stderr, "usage: scenario_run SCRIPT\n");
        return 2;
    }
    start_world(&world, argv[1]);
    char line[8192];
    while (fgets(line, sizeof(line), file)) {
        world.line++;
        run_line(&world, line);
    }
    fclose(file);
    end_world(&world);
    return 0;
}
