/* What others ask the journal: earlier messages, in force, why, bytes. */
#include "fixture.h"

static struct journal_known find(struct fixture *f, struct arena *arena, enum alert_class class,
                                 const char *identifier)
{
    struct journal_known known;
    struct identity identity = {class, SLICE("nb@example.ca"), slice_from_cstr(identifier), 100};

    assert_ok(journal_find(f->journal, arena, &identity, &known, err));
    return known;
}

static void nothing_is_found_in_an_empty_journal(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct identity identity = {CLASS_ACTUAL, SLICE("s"), SLICE("i"), 1};
    struct journal_known known;
    struct digest digest = {{1}};
    struct slice bytes;
    struct rows rows = {0};
    int64_t arrival;
    size_t count = 9;

    assert_code(ERR_NOT_FOUND, journal_find(f->journal, arena, &identity, &known, err));
    assert_code(ERR_NOT_FOUND, journal_find_reference(f->journal, arena, &identity, &known, err));
    assert_code(ERR_NOT_FOUND, journal_find_arrival(f->journal, arena, 1, &known, err));
    assert_code(ERR_NOT_FOUND,
                journal_find_content(f->journal, arena, &identity, &digest, &arrival, err));
    assert_ok(journal_find_secondary(f->journal, arena, CLASS_ACTUAL, SLICE("k"), &known, 1, &count,
                                     err));
    assert_int_equal(count, 0);
    assert_ok(journal_find_referencing(f->journal, arena, &identity, &known, 1, &count, err));
    assert_int_equal(count, 0);
    assert_code(ERR_NOT_FOUND,
                journal_get_bytes(f->journal, arena, CLASS_ACTUAL, &digest, &bytes, err));
    assert_code(ERR_NOT_FOUND, journal_get(f->journal, CLASS_ACTUAL, 1, note_row, &rows, err));
    arena_destroy(arena);
}

static void a_message_is_found_with_all_that_it_was(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct identity targets[2] = {{CLASS_ACTUAL, SLICE("nb@example.ca"), SLICE("old"), 50},
                                  {CLASS_ACTUAL, SLICE("me@example.us"), SLICE("other"), -7}};
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "a", "ME NH", 5000);

    add_bulletin(entry, SIDE_CA, "--", 0);
    entry->msg_type = MSG_TYPE_UPDATE;
    entry->authority = SLICE("nb-emo");
    entry->references = targets;
    entry->reference_count = 2;
    int64_t arrival = commit_away(f, entry);

    struct journal_known known = find(f, arena, CLASS_ACTUAL, "a");
    assert_int_equal(known.arrival, arrival);
    assert_int_equal(known.identity.class, CLASS_ACTUAL);
    assert_int_equal(known.identity.sent_s, 100);
    assert_int_equal(known.msg_type, MSG_TYPE_UPDATE);
    assert_true(slice_eq_cstr(known.source, "naad"));
    assert_true(slice_eq_cstr(known.verdict, "relayed"));
    assert_true(slice_eq_cstr(known.authority, "nb-emo"));
    assert_true(slice_eq_cstr(known.bytes, "<alert>a</alert>"));
    struct digest content = digest_of(SLICE("a"));
    assert_true(digest_eq(&known.content, &content));
    assert_int_equal(known.sent_count, 2);
    assert_int_equal(known.sent[0].side, SIDE_US);
    assert_int_equal(known.sent[0].seq, 1);
    assert_int_equal(known.sent[0].region_count, 2);
    assert_true(slice_eq_cstr(known.sent[0].regions[1], "NH"));
    assert_true(known.sent[0].in_force);
    assert_int_equal(known.sent[0].until_s, 5000);
    assert_int_equal(known.sent[1].side, SIDE_CA);
    assert_false(known.sent[1].in_force);
    assert_int_equal(known.reference_count, 2);
    assert_true(identity_eq(&known.references[0], &targets[0]));
    assert_true(identity_eq(&known.references[1], &targets[1]));
    arena_destroy(arena);
}

static void identity_is_class_sender_identifier_and_sent(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct journal_known known;

    commit_away(f, relayed(f, CLASS_EXERCISE, "a", "ME", 0));
    struct identity identity = {CLASS_ACTUAL, SLICE("nb@example.ca"), SLICE("a"), 100};
    assert_code(ERR_NOT_FOUND, journal_find(f->journal, arena, &identity, &known, err));
    identity.class = CLASS_EXERCISE;
    assert_ok(journal_find(f->journal, arena, &identity, &known, err));
    identity.sent_s = 101;
    assert_code(ERR_NOT_FOUND, journal_find(f->journal, arena, &identity, &known, err));
    identity.sent_s = 100;
    identity.sender = SLICE("me@example.us");
    assert_code(ERR_NOT_FOUND, journal_find(f->journal, arena, &identity, &known, err));
    arena_destroy(arena);
}

static struct journal_entry *noted(struct fixture *f, const char *identifier, const char *verdict,
                                   const char *notes)
{
    struct journal_entry *entry = entry_of(f, CLASS_ACTUAL, identifier, verdict);
    entry->notes_json = slice_from_cstr(notes);
    return entry;
}

static bool has_signed(struct fixture *f, const char *identifier)
{
    bool found = true;
    assert_ok(journal_has_signed(f->journal, slice_from_cstr(identifier), &found, err));
    return found;
}

/* An identifier anybody can write; a signer is named where a pin accepted the signature. */
static void only_a_signature_that_was_accepted_counts(void **state)
{
    struct fixture *f = *state;
    assert_false(has_signed(f, "a"));
    commit_away(f, entry_of(f, CLASS_ACTUAL, "a", "relayed"));
    commit_away(f, noted(f, "a", "relayed", "{\"findings\":[]}"));
    commit_away(
        f, noted(f, "a", "relayed", "{\"signature\":{\"verdict\":\"untrusted\",\"signer\":null}}"));
    const char *accepted = "{\"signature\":{\"verdict\":\"valid\",\"signer\":\"eccc\"}}";
    commit_away(f, noted(f, "a", "refused", accepted));
    commit_away(f, noted(f, "b", "relayed", accepted));
    assert_false(has_signed(f, "a"));
    assert_true(has_signed(f, "b"));
    commit_away(f, noted(f, "a", "conflict", accepted));
    assert_true(has_signed(f, "a"));
}

/* Whoever is refused first under an identity must not stand before the one that was published. */
static void a_published_message_is_the_first_before_a_refused_one(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct identity identity = {CLASS_ACTUAL, SLICE("nb@example.ca"), SLICE("a"), 100};
    struct digest content = digest_of(SLICE("a"));
    int64_t arrival;

    int64_t refused = commit_away(f, entry_of(f, CLASS_ACTUAL, "a", "refused"));
    assert_int_equal(find(f, arena, CLASS_ACTUAL, "a").arrival, refused);
    int64_t published = commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, "a", "duplicate");
    copy->first_arrival = published;
    commit_away(f, copy);
    assert_int_equal(find(f, arena, CLASS_ACTUAL, "a").arrival, published);
    assert_ok(journal_find_content(f->journal, arena, &identity, &content, &arrival, err));
    assert_int_equal(arrival, published);
    arena_destroy(arena);
}

static void content_finds_conflicts_too(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct identity identity = {CLASS_ACTUAL, SLICE("nb@example.ca"), SLICE("a"), 100};
    struct digest other = digest_of(SLICE("other"));
    int64_t arrival;

    int64_t first = commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    struct journal_entry *conflict = relayed(f, CLASS_ACTUAL, "a", "ME", 0);
    conflict->verdict = SLICE("conflict");
    conflict->first_arrival = first;
    conflict->content = other;
    int64_t second = commit_away(f, conflict);
    assert_ok(journal_find_content(f->journal, arena, &identity, &other, &arrival, err));
    assert_int_equal(arrival, second);
    assert_int_equal(find(f, arena, CLASS_ACTUAL, "a").arrival, first);
    arena_destroy(arena);
}

/* An Update may name the wrapper that was merged into another. */
static void a_reference_to_a_merged_twin_finds_what_it_was_merged_into(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct identity twin = {CLASS_ACTUAL, SLICE("nb@example.ca"), SLICE("twin"), 100};
    struct journal_known known;

    int64_t first = commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, "twin", "duplicate");
    copy->first_arrival = first;
    commit_away(f, copy);
    assert_code(ERR_NOT_FOUND, journal_find(f->journal, arena, &twin, &known, err));
    assert_ok(journal_find_reference(f->journal, arena, &twin, &known, err));
    assert_int_equal(known.arrival, first);
    arena_destroy(arena);
}

static void secondary_keys_give_the_newest_of_their_class(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct journal_known known[2];
    const char *const names[] = {"1", "2", "3"};
    size_t count;

    for (size_t i = 0; i < 3; i++) {
        struct journal_entry *entry = relayed(f, CLASS_ACTUAL, names[i], "ME", 0);
        entry->secondary_key = SLICE("KCAR.FF.W.1");
        commit_away(f, entry);
    }
    struct journal_entry *exercise = relayed(f, CLASS_EXERCISE, "4", "ME", 0);
    exercise->secondary_key = SLICE("KCAR.FF.W.1");
    commit_away(f, exercise);
    assert_ok(journal_find_secondary(f->journal, arena, CLASS_ACTUAL, SLICE("KCAR.FF.W.1"), known,
                                     2, &count, err));
    assert_int_equal(count, 2);
    assert_true(slice_eq_cstr(known[0].identity.identifier, "3"));
    assert_true(slice_eq_cstr(known[1].identity.identifier, "2"));
    arena_destroy(arena);
}

static void references_are_found_before_their_target_came(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct identity target = {CLASS_ACTUAL, SLICE("nb@example.ca"), SLICE("late"), 100};
    struct identity twice[2] = {target, target};
    struct journal_known known[4];
    size_t count;

    struct journal_entry *cancel = relayed(f, CLASS_ACTUAL, "cancel", "ME", 0);
    cancel->references = twice;
    cancel->reference_count = 2;
    int64_t arrival = commit_away(f, cancel);
    struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, "cancel", "duplicate");
    copy->references = twice;
    copy->reference_count = 2;
    copy->first_arrival = arrival;
    commit_away(f, copy);
    assert_ok(journal_find_referencing(f->journal, arena, &target, known, 4, &count, err));
    assert_int_equal(count, 1);
    assert_int_equal(known[0].arrival, arrival);
    assert_int_equal(known[0].reference_count, 1);
    target.class = CLASS_EXERCISE;
    assert_ok(journal_find_referencing(f->journal, arena, &target, known, 4, &count, err));
    assert_int_equal(count, 0);
    arena_destroy(arena);
}

static void in_force_until_its_time_or_its_end(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    int64_t first = commit_away(f, relayed(f, CLASS_ACTUAL, "1", "ME", 500));
    commit_away(f, relayed(f, CLASS_ACTUAL, "2", "ME", 900));
    commit_away(f, relayed(f, CLASS_ACTUAL, "never", "ME", 0));
    commit_away(f, relayed(f, CLASS_EXERCISE, "x", "ME", 900));
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_NONE, NULL, 499, &rows), "1:us 2:us ");
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_NONE, NULL, 500, &rows), "2:us ");
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_NONE, NULL, 900, &rows), "");

    struct journal_entry *cancel = relayed(f, CLASS_ACTUAL, "cancel", "ME", 0);
    cancel->ends = &first;
    cancel->ends_count = 1;
    commit_away(f, cancel);
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_NONE, NULL, 499, &rows), "2:us ");
    assert_string_equal(in_force_text(f, CLASS_EXERCISE, SIDE_NONE, NULL, 499, &rows), "1:us ");
    struct arena *arena = arena_create();
    assert_false(find(f, arena, CLASS_ACTUAL, "1").sent[0].in_force);
    assert_int_equal(find(f, arena, CLASS_ACTUAL, "1").sent[0].until_s, 500);
    arena_destroy(arena);
}

static void in_force_by_side_and_region(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    commit_away(f, relayed(f, CLASS_ACTUAL, "1", "ME", 500));
    commit_away(f, relayed(f, CLASS_ACTUAL, "2", "NH VT", 500));
    commit_away(f, relayed(f, CLASS_ACTUAL, "3", "--", 500));
    struct journal_entry *canadian = entry_of(f, CLASS_ACTUAL, "4", "relayed");
    add_bulletin(canadian, SIDE_CA, "NB", 500);
    commit_away(f, canadian);
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_US, NULL, 1, &rows), "1:us 2:us 3:us ");
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_US, "VT", 1, &rows), "2:us 3:us ");
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_CA, "VT", 1, &rows), "");
    assert_string_equal(in_force_text(f, CLASS_ACTUAL, SIDE_NONE, "NB", 1, &rows), "3:us 4:ca ");

    struct arena *arena = arena_create();
    uint64_t *seqs;
    size_t count;
    assert_ok(journal_in_force_numbers(f->journal, arena, CLASS_ACTUAL, SIDE_US, SLICE("ME"), 1,
                                       &seqs, &count, err));
    assert_int_equal(count, 2);
    assert_int_equal(seqs[0], 1);
    assert_int_equal(seqs[1], 3);
    arena_destroy(arena);
}

static void reading_stops_when_told(void **state)
{
    struct fixture *f = *state;
    struct rows rows = {.stop_after = 2};

    for (int i = 0; i < 4; i++)
        commit_away(f, relayed(f, CLASS_ACTUAL, i % 2 ? "a" : "b", "ME", 900));
    assert_ok(journal_since(f->journal, CLASS_ACTUAL, (struct slice){0}, 0, note_row, &rows, err));
    assert_string_equal(rows.text, "1:us 2:us ");
    rows = (struct rows){.stop_after = 1};
    assert_ok(journal_in_force(f->journal, CLASS_ACTUAL, SIDE_NONE, (struct slice){0}, 1, note_row,
                               &rows, err));
    assert_string_equal(rows.text, "1:us ");
}

static bool read_again(void *context, const struct journal_row *row)
{
    struct fixture *f = context;
    struct rows rows = {0};

    assert_code(ERR_STATE, journal_since(f->journal, CLASS_ACTUAL, (struct slice){0}, 0, note_row,
                                         &rows, err));
    assert_ok(journal_get(f->journal, CLASS_ACTUAL, row->seq, note_row, &rows, err));
    return true;
}

static void reading_inside_itself_is_refused(void **state)
{
    struct fixture *f = *state;
    struct rows rows;

    commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 900));
    assert_ok(journal_since(f->journal, CLASS_ACTUAL, (struct slice){0}, 0, read_again, f, err));
    assert_string_equal(since_text(f, CLASS_ACTUAL, NULL, 0, &rows), "1:us ");
}

static void bytes_come_back_as_they_came(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct slice found;
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "large", "ME", 0);
    char *text = arena_alloc(entry->arena, 300000);

    for (size_t i = 0; i < 300000; i++)
        text[i] = (char)(i % 7 ? 'a' + i % 23 : '\0');
    entry->bytes = slice_of(text, 300000);
    entry->digest = digest_of(entry->bytes);
    struct digest digest = entry->digest;
    commit_away(f, entry);
    assert_ok(journal_get_bytes(f->journal, arena, CLASS_ACTUAL, &digest, &found, err));
    struct digest back = digest_of(found);
    assert_int_equal(found.len, 300000);
    assert_true(digest_eq(&back, &digest));
    assert_code(ERR_NOT_FOUND,
                journal_get_bytes(f->journal, arena, CLASS_EXERCISE, &digest, &found, err));
    arena_destroy(arena);
}

static void an_empty_message_is_stored_too(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct journal_entry *entry = journal_entry_create(f->journal);
    struct journal_known known;

    entry->source = SLICE("file");
    entry->verdict = SLICE("unreadable");
    entry->digest = digest_of(entry->bytes);
    int64_t arrival = commit_away(f, entry);
    assert_ok(journal_find_arrival(f->journal, arena, arrival, &known, err));
    assert_int_equal(known.bytes.len, 0);
    assert_int_equal(known.identity.class, CLASS_NONE);
    assert_null(known.identity.sender.ptr);
    arena_destroy(arena);
}

/* A message that was not published may be private. */
static void bytes_of_what_was_not_published_are_not_given(void **state)
{
    struct fixture *f = *state;
    struct arena *arena = arena_create();
    struct slice found;
    struct journal_entry *secret = entry_of(f, CLASS_ACTUAL, "private", "refused");
    struct digest digest = secret->digest;

    commit_away(f, secret);
    assert_code(ERR_NOT_FOUND,
                journal_get_bytes(f->journal, arena, CLASS_ACTUAL, &digest, &found, err));
    int64_t first = commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, "b", "duplicate");
    copy->first_arrival = first;
    digest = copy->digest;
    commit_away(f, copy);
    assert_ok(journal_get_bytes(f->journal, arena, CLASS_ACTUAL, &digest, &found, err));
    assert_true(slice_eq_cstr(found, "<alert>b</alert>"));
    arena_destroy(arena);
}

struct answers {
    char text[400];
    struct digest digest;
    uint64_t seqs[JOURNAL_BULLETINS_MAX];
};

static bool note_why(void *context, const struct journal_why *row)
{
    struct answers *answers = context;
    size_t used = strlen(answers->text);

    snprintf(answers->text + used, sizeof answers->text - used, "%.*s/%.*s/%.*s/%zu ",
             SLICE_ARG(row->identifier), SLICE_ARG(row->class_name), SLICE_ARG(row->verdict),
             row->seq_count);
    answers->digest = row->digest;
    memcpy(answers->seqs, row->seqs, sizeof answers->seqs);
    return true;
}

static const char *why_text(struct fixture *f, const char *text, size_t max,
                            struct answers *answers)
{
    *answers = (struct answers){0};
    assert_ok(journal_why(f->journal, slice_from_cstr(text), max, note_why, answers, err));
    return answers->text;
}

static void why_answers_by_identifier_derived_and_digest(void **state)
{
    struct fixture *f = *state;
    struct answers answers;
    char hex[DIGEST_HEX_MAX];
    struct journal_entry *entry = relayed(f, CLASS_ACTUAL, "storm-17", "ME", 0);

    add_bulletin(entry, SIDE_CA, "NB", 0);
    entry->notes_json = SLICE("[]");
    commit_away(f, entry);
    commit_away(f, entry_of(f, CLASS_EXERCISE, "storm-18", "irrelevant"));

    assert_string_equal(why_text(f, "storm-17", 9, &answers), "storm-17/actual/relayed/2 ");
    assert_int_equal(answers.seqs[0], 1);
    assert_int_equal(answers.seqs[1], 2);
    digest_hex(&answers.digest, hex);
    assert_string_equal(why_text(f, "storm-", 9, &answers),
                        "storm-18/exercise/irrelevant/0 storm-17/actual/relayed/2 ");
    assert_string_equal(why_text(f, "storm-", 1, &answers), "storm-18/exercise/irrelevant/0 ");
    assert_string_equal(why_text(f, "caprelay:storm-17-ca", 9, &answers),
                        "storm-17/actual/relayed/2 ");
    assert_string_equal(why_text(f, hex, 9, &answers), "storm-17/actual/relayed/2 ");
    hex[20] = '\0';
    assert_string_equal(why_text(f, hex + 4, 9, &answers), "storm-17/actual/relayed/2 ");
    assert_string_equal(why_text(f, "%", 9, &answers), "");
    assert_code(ERR_INVALID, journal_why(f->journal, SLICE(""), 9, note_why, &answers, err));
}

static void copies_of_a_bulletin_in_their_order(void **state)
{
    struct fixture *f = *state;
    struct answers answers = {0};

    int64_t first = commit_away(f, relayed(f, CLASS_ACTUAL, "a", "ME", 0));
    for (int i = 0; i < 2; i++) {
        struct journal_entry *copy = entry_of(f, CLASS_ACTUAL, i ? "c2" : "c1", "duplicate");
        copy->first_arrival = first;
        commit_away(f, copy);
    }
    assert_ok(journal_copies(f->journal, CLASS_ACTUAL, 1, note_why, &answers, err));
    assert_string_equal(answers.text, "c1/actual/duplicate/0 c2/actual/duplicate/0 ");
    answers = (struct answers){0};
    assert_ok(journal_copies(f->journal, CLASS_EXERCISE, 1, note_why, &answers, err));
    assert_string_equal(answers.text, "");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_found_in_an_empty_journal),
        TEST(a_message_is_found_with_all_that_it_was),
        TEST(identity_is_class_sender_identifier_and_sent),
        TEST(a_published_message_is_the_first_before_a_refused_one),
        TEST(only_a_signature_that_was_accepted_counts),
        TEST(content_finds_conflicts_too),
        TEST(a_reference_to_a_merged_twin_finds_what_it_was_merged_into),
        TEST(secondary_keys_give_the_newest_of_their_class),
        TEST(references_are_found_before_their_target_came),
        TEST(in_force_until_its_time_or_its_end),
        TEST(in_force_by_side_and_region),
        TEST(reading_stops_when_told),
        TEST(reading_inside_itself_is_refused),
        TEST(bytes_come_back_as_they_came),
        TEST(an_empty_message_is_stored_too),
        TEST(bytes_of_what_was_not_published_are_not_given),
        TEST(why_answers_by_identifier_derived_and_digest),
        TEST(copies_of_a_bulletin_in_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
