#include "fixture.h"

#include "dedup/chain.h"

static bool same_sender(void *context, struct known_message *target)
{
    return slice_eq_cstr(target->row.identity.sender, context);
}

static struct chain follow(struct fixture *fixture, const char *sender, const char *target_sender,
                           const char *target)
{
    struct chain chain;
    char own[8];
    snprintf(own, sizeof(own), "%s", sender);
    struct identity self = fixture_identity(sender, "self", 0);
    struct identity reference = fixture_identity(target_sender, target, 0);
    chain_follow(fixture->known, fixture->arena, &self, &reference, 1, same_sender, own, &chain);
    return chain;
}

static int64_t put(struct fixture *fixture, const char *sender, const char *id, const char *region,
                   const char *target_sender, const char *target)
{
    struct identity *reference = arena_alloc(fixture->arena, sizeof(*reference));
    if (target)
        *reference = fixture_identity(target_sender, target, 0);
    return fixture_put(fixture, (struct given){.sender = sender,
                                               .id = id,
                                               .msg_type = MSG_TYPE_UPDATE,
                                               .region = region,
                                               .references = reference,
                                               .reference_count = target != NULL});
}

static void test_unknown(void **state)
{
    struct fixture *fixture = *state;
    struct chain chain = follow(fixture, "s", "s", "never");
    assert_int_equal(chain.unknown_count, 1);
    assert_true(slice_eq_cstr(chain.unknown.identifier, "never"));
    assert_false(chain.sides[SIDE_US].went);
    assert_int_equal(chain.ends_count, 0);
}

static void test_directly_and_through_others(void **state)
{
    struct fixture *fixture = *state;
    int64_t a = put(fixture, "s", "a", "NH", NULL, NULL);
    fixture_commit(fixture);
    int64_t b = put(fixture, "s", "b", "ME", "s", "a");
    for (int committed = 0; committed < 2; committed++) {
        struct chain chain = follow(fixture, "s", "s", "b");
        assert_true(chain.sides[SIDE_US].went);
        assert_false(chain.sides[SIDE_CA].went);
        assert_int_equal(chain.sides[SIDE_US].region_count, 2);
        assert_true(slice_eq_cstr(chain.sides[SIDE_US].regions[0], "ME"));
        assert_true(slice_eq_cstr(chain.sides[SIDE_US].regions[1], "NH"));
        assert_int_equal(chain.ends_count, 2);
        assert_int_equal(chain.ends[0], b);
        assert_int_equal(chain.ends[1], a);
        assert_int_equal(chain.direct_count, 1);
        assert_int_equal(chain.unknown_count + chain.foreign_count, 0);
        fixture_commit(fixture);
    }
}

static void test_foreign_is_followed_but_not_ended(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "s", "a", "NH", NULL, NULL);
    struct chain chain = follow(fixture, "other", "s", "a");
    assert_true(chain.sides[SIDE_US].went);
    assert_int_equal(chain.ends_count, 0);
    assert_int_equal(chain.foreign_count, 1);
    assert_true(slice_eq_cstr(chain.foreign.sender, "s"));
}

/* Somebody else in between must not become a lever: what lies behind stays in force. */
static void test_nothing_ends_behind_a_foreign_message(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "s", "a", "NH", NULL, NULL);
    put(fixture, "other", "b", "ME", "s", "a");
    struct chain chain = follow(fixture, "s", "other", "b");
    assert_int_equal(chain.ends_count, 0);
    assert_int_equal(chain.sides[SIDE_US].region_count, 2);
}

static void test_circles_end(void **state)
{
    struct fixture *fixture = *state;
    put(fixture, "s", "a", "NH", "s", "b");
    put(fixture, "s", "b", "ME", "s", "self");
    struct chain chain = follow(fixture, "s", "s", "a");
    assert_int_equal(chain.ends_count, 2);
    assert_false(chain.cut);
}

static void test_the_walk_is_bounded(void **state)
{
    struct fixture *fixture = *state;
    for (int i = 0; i <= CHAIN_MESSAGES_MAX + 10; i++) {
        char id[16], previous[16];
        snprintf(id, sizeof(id), "%d", i);
        snprintf(previous, sizeof(previous), "%d", i - 1);
        put(fixture, "s", arena_cstr(fixture->arena, slice_from_cstr(id)), "ME", "s",
            i ? arena_cstr(fixture->arena, slice_from_cstr(previous)) : NULL);
    }
    char last[16];
    snprintf(last, sizeof(last), "%d", CHAIN_MESSAGES_MAX + 10);
    struct chain chain = follow(fixture, "s", "s", last);
    assert_true(chain.cut);
    assert_int_equal(chain.ends_count, CHAIN_MESSAGES_MAX);
}

static void test_newest_direct_first(void **state)
{
    struct fixture *fixture = *state;
    struct identity references[3];
    struct chain chain;
    struct identity self = fixture_identity("s", "self", 5000);
    for (int i = 0; i < 3; i++) {
        char id[8];
        snprintf(id, sizeof(id), "%d", i);
        references[i] = fixture_identity("s", arena_cstr(fixture->arena, slice_from_cstr(id)),
                                         1000 + (i == 1 ? 100 : i));
        fixture_put(fixture, (struct given){.id = references[i].identifier.ptr,
                                            .sent_s = references[i].sent_s,
                                            .region = "ME"});
    }
    char sender[] = "s";
    chain_follow(fixture->known, fixture->arena, &self, references, 3, same_sender, sender, &chain);
    assert_int_equal(chain.direct_count, 3);
    assert_int_equal(chain.direct[0].row.identity.sent_s, 1100);
    assert_int_equal(chain.direct[2].row.identity.sent_s, 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_unknown),
        TEST(test_directly_and_through_others),
        TEST(test_foreign_is_followed_but_not_ended),
        TEST(test_nothing_ends_behind_a_foreign_message),
        TEST(test_circles_end),
        TEST(test_the_walk_is_bounded),
        TEST(test_newest_direct_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
