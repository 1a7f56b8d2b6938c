/* Looking at what became of it. */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct slice list_of(struct world *world, struct slice text, char separator)
{
    struct slice copy = arena_copy(world->arena, text);
    for (size_t i = 0; i < copy.len; i++)
        if (copy.ptr[i] == separator)
            ((char *)(uintptr_t)copy.ptr)[i] = ',';
    return copy;
}

static const struct outcome *outcome_named(const struct world *world, const char *label)
{
    for (size_t i = world->outcome_count; i-- > 0;)
        if (strcmp(world->outcomes[i].label, label) == 0)
            return &world->outcomes[i];
    world_fail(world, "nothing was delivered as %s", label);
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
        world_fail(world, "%s went to %s: %.*s, not %s", outcome->label, side_name(side),
                   SLICE_ARG(is), wanted);
}

static void expect_text(struct world *world, const char *what, const char *wanted, struct slice is)
{
    if (wanted && !slice_eq_cstr(is, wanted))
        world_fail(world, "%s is \"%.*s\", not \"%s\"", what, SLICE_ARG(is), wanted);
}

static void expect_flag(struct world *world, const char *what, const char *wanted, bool is)
{
    if (wanted && (strcmp(wanted, "yes") == 0) != is)
        world_fail(world, "%s: %s", what, is ? "yes" : "no");
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
        const struct slice *items = list_value(world->arena, words, kinds[i].key, &count);
        for (size_t k = 0; k < count; k++) {
            const char *value = arena_cstr(world->arena, items[k]);
            if (remarked(outcome, kinds[i].member, value) != kinds[i].wanted)
                world_fail(world, "%s %s: %s in %.*s", kinds[i].key, value,
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
    if (strcmp(wanted, "never") != 0 && !message_time(wanted, world_now_s(world), &at_s))
        world_fail(world, "no time: %s", wanted);
    if (journal_get(world->journal, outcome->class, outcome->sides[side].seq, take_until, &until,
                    &err) != OK)
        world_fail(world, "%s", err.text);
    if (until.seconds != at_s)
        world_fail(world, "in force until %lld, not %lld", (long long)until.seconds,
                   (long long)at_s);
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
        world_fail(world, "%s", err.text);
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
        world_fail(world, "no derived message with a msgType");
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
        world_fail(world, "no geocodes in the header");
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
        world_fail(world, "the first is arrival %lld, not %lld (%s)",
                   (long long)outcome->first_arrival, (long long)wanted, label);
}

void do_expect(struct world *world, const struct words *words)
{
    world_collect(world);
    const struct outcome *outcome = outcome_named(world, words->items[1]);
    const char *count = word_value(words, "bulletins");
    if (!outcome->settled)
        world_fail(world, "%s has no outcome", outcome->label);
    if (!slice_eq_cstr(outcome->verdict, words->items[2]))
        world_fail(world, "%s is %.*s (%.*s: %.*s), not %s; %.*s", outcome->label,
                   SLICE_ARG(outcome->verdict), SLICE_ARG(outcome->reason),
                   SLICE_ARG(outcome->detail), words->items[2], SLICE_ARG(outcome->notes));
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
        world_fail(world, "%zu bulletins, not %s", outcome->bulletin_count, count);
    if (word_value(words, "detail") && slice_find(outcome->detail, word_value(words, "detail")) < 0)
        world_fail(world, "detail is \"%.*s\"", SLICE_ARG(outcome->detail));
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

void do_in_force(struct world *world, const struct words *words)
{
    struct err err = {0};
    struct numbers numbers = {0};
    enum alert_class class = alert_class_from_name(slice_from_cstr(words->items[1]));
    enum side side = side_from_name(slice_from_cstr(words->items[2]));
    world_collect(world);
    if (journal_in_force(world->journal, class, side, (struct slice){0}, world_now_s(world),
                         take_number, &numbers, &err) != OK)
        world_fail(world, "%s", err.text);
    if (numbers.count != words->count - 3)
        world_fail(world, "%zu in force, not %zu", numbers.count, words->count - 3);
    for (size_t i = 0; i < numbers.count; i++) {
        const struct outcome *outcome = outcome_named(world, words->items[i + 3]);
        if (outcome->sides[side].seq != numbers.items[i])
            world_fail(world, "number %llu is in force, not %s (%llu)",
                       (unsigned long long)numbers.items[i], outcome->label,
                       (unsigned long long)outcome->sides[side].seq);
    }
}

static bool derived_equal(struct world *world, const struct words *words)
{
    world_collect(world);
    const struct outcome *a = outcome_named(world, words->items[1]);
    const struct outcome *b = outcome_named(world, words->items[2]);
    for (enum side side = SIDE_CA; side <= SIDE_US; side++)
        if (!slice_eq(a->sides[side].derived, b->sides[side].derived))
            return false;
    return true;
}

void do_same_derived(struct world *world, const struct words *words)
{
    if (!derived_equal(world, words))
        world_fail(world, "derived identifiers differ");
}

void do_other_derived(struct world *world, const struct words *words)
{
    if (derived_equal(world, words))
        world_fail(world, "derived identifiers are equal");
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

void do_counts(struct world *world, const struct words *words)
{
    struct counted counted = {.verdict = words->items[1]};
    intake_counts(world->intake, add_count, &counted);
    if (counted.total != strtoull(words->items[2], NULL, 10))
        world_fail(world, "%llu %s", (unsigned long long)counted.total, words->items[1]);
}
