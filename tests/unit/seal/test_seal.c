/* Packets, JSON, sealing, and the reader's checks beyond the stored vectors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "seal/json.h"
#include "seal/receipt.h"

static void test_packets_split_only_whole(void **state)
{
    struct packet packet;
    struct buf out;

    (void)state;
    buf_init(&out, 4096);
    packet_put(&out, SLICE("header"));
    packet_put(&out, SLICE(""));
    packet_put(&out, SLICE("x"));
    assert_int_equal(packet_split(buf_slice(&out), &packet, NULL), OK);
    assert_int_equal(packet.count, 3);
    assert_int_equal(packet.parts[1].len, 0);
    assert_true(slice_eq_cstr(packet.parts[2], "x"));
    /* Cut between parts it is a shorter packet; the number of parts is for who knows the kind. */
    for (size_t len = 0; len < out.len; len++)
        if (len != 10 && len != 14)
            assert_int_not_equal(packet_split(slice_sub(buf_slice(&out), 0, len), &packet, NULL),
                                 OK);
    for (int i = 0; i < PACKET_PARTS_MAX; i++)
        packet_put(&out, SLICE(""));
    assert_int_equal(packet_split(buf_slice(&out), &packet, NULL), ERR_INVALID);
    assert_int_equal(packet_split(SLICE("\xff\xff\xff\xff"), &packet, NULL), ERR_INVALID);
    buf_fini(&out);
}

static void test_compressed_frames_open_and_bombs_do_not(void **state)
{
    struct arena *arena = arena_create();
    struct packet packet;
    struct buf plain, packed;

    (void)state;
    buf_init(&plain, PACKET_BYTES_MAX);
    buf_init(&packed, PACKET_BYTES_MAX);
    char *text = arena_alloc(arena, 100000);
    packet_put(&plain, slice_of(text, 100000));
    assert_int_equal(packet_compress(buf_slice(&plain), &packed, NULL), OK);
    assert_true(packed.len < 1000);
    assert_int_equal(packet_open(arena, buf_slice(&packed), &packet, NULL), OK);
    assert_int_equal(packet.parts[0].len, 100000);
    for (size_t len = 4; len < packed.len; len++)
        assert_int_not_equal(
            packet_open(arena, slice_sub(buf_slice(&packed), 0, len), &packet, NULL), OK);
    buf_put_char(&packed, 'x');
    assert_int_equal(packet_open(arena, buf_slice(&packed), &packet, NULL), ERR_INVALID);
    assert_int_equal(
        packet_open(arena, SLICE("\x28\xb5\x2f\xfd\xe0\0\0\0\0\x04\0\0\0\x01\0\0"), &packet, NULL),
        ERR_LIMIT);
    buf_fini(&plain);
    buf_fini(&packed);
    arena_destroy(arena);
}

static void test_json_is_read_strictly(void **state)
{
    static const char *const bad[] = {
        "",
        "[]",
        "{}",
        "{\"v\":2}",
        "{\"v\":1,\"v\":1}",
        "{\"v\":1} x",
        "{\"v\":1.0}",
        "{\"v\":1,\"a\":\"\xff\"}",
    };

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_null(json_read(slice_from_cstr(bad[i]), NULL));
    json_t *good = json_read(SLICE("{\"v\":1,\"n\":9007199254740992,\"m\":-1}"), NULL);
    assert_non_null(good);
    struct arena *arena = arena_create();
    struct json_fields fields = {.arena = arena};
    json_get_number(&fields, good, "n");
    assert_true(json_failed(&fields));
    fields.code = OK;
    json_get_number(&fields, good, "m");
    assert_true(json_failed(&fields));
    json_decref(good);
    arena_destroy(arena);
}

static void test_times(void **state)
{
    int64_t us;

    (void)state;
    assert_true(time_us_from_text(SLICE("2026-01-12T19:30:00.123456Z"), &us));
    assert_int_equal(us, fixture_time_us);
    assert_true(time_us_from_text(SLICE("2024-02-29T00:00:00.000000Z"), &us));
    assert_false(time_us_from_text(SLICE("2025-02-29T00:00:00.000000Z"), &us));
    assert_false(time_us_from_text(SLICE("2026-01-12T19:30:00Z"), &us));
    assert_false(time_us_from_text(SLICE("2026-01-12T24:30:00.123456Z"), &us));
    assert_false(time_us_from_text(SLICE("2026-01-12T19:30:00.123456+00"), &us));
}

static enum err_code try_seal(struct fixture *f, const struct key *key,
                              const struct bulletin_facts *facts)
{
    uint64_t prevs[] = {0, 0};
    struct bulletin_options options = {.inline_max_bytes = 1 << 20};
    struct bulletin_number number = {.seq = 1, .topic_prevs = prevs, .time_us = fixture_time_us};
    struct digest chain;
    struct buf out;
    enum err_code code;

    (void)f;
    buf_init(&out, PACKET_BYTES_MAX);
    code = bulletin_seal(&options, key, facts, &number, &out, &chain, NULL);
    assert_true(code == OK || out.len == 0);
    buf_fini(&out);
    return code;
}

static void test_sealing_refuses_what_disagrees_on_the_class(void **state)
{
    struct fixture f = fixture_make();
    struct bulletin_facts good = fixture_facts(&f, CLASS_ACTUAL, "Actual", "Actual"), facts;

    (void)state;
    assert_int_equal(try_seal(&f, &f.actual, &good), OK);
    assert_int_equal(try_seal(&f, &f.exercise, &good), ERR_CRYPTO);
    assert_int_equal(try_seal(&f, &f.root, &good), ERR_CRYPTO);
    facts = fixture_facts(&f, CLASS_ACTUAL, "Exercise", "Actual");
    assert_int_equal(try_seal(&f, &f.actual, &facts), ERR_INVALID);
    facts = fixture_facts(&f, CLASS_ACTUAL, "Actual", "Test");
    assert_int_equal(try_seal(&f, &f.actual, &facts), ERR_INVALID);
    facts = fixture_facts(&f, CLASS_EXERCISE, "Actual", "Exercise");
    assert_int_equal(try_seal(&f, &f.exercise, &facts), ERR_INVALID);
    facts = fixture_facts(&f, CLASS_EXERCISE, "Test", "Test");
    assert_int_equal(try_seal(&f, &f.exercise, &facts), OK);
    facts.topics = good.topics;
    assert_int_equal(try_seal(&f, &f.exercise, &facts), ERR_INVALID);
    fixture_drop(&f);
}

static void test_a_large_original_travels_by_digest(void **state)
{
    struct fixture f = fixture_make();
    struct bulletin_facts facts = fixture_facts(&f, CLASS_ACTUAL, "Actual", "Actual");
    struct verifier verifier = {.keys = &f.list, .parser = f.parser};
    struct bulletin_options options = {.inline_max_bytes = 10};
    uint64_t prevs[] = {0, 0};
    struct bulletin_number number = {.seq = 1, .topic_prevs = prevs, .time_us = fixture_time_us};
    struct verified_bulletin bulletin;
    struct digest chain;
    struct buf out, original;

    (void)state;
    buf_init(&out, PACKET_BYTES_MAX);
    assert_int_equal(bulletin_seal(&options, &f.actual, &facts, &number, &out, &chain, NULL), OK);
    assert_int_equal(verify_bulletin(&verifier, f.arena, SLICE("actual.us.all."), buf_slice(&out),
                                     &bulletin, NULL),
                     OK);
    assert_null(bulletin.original.ptr);
    buf_init(&original, PACKET_BYTES_MAX);
    packet_put(&original, facts.derived_xml);
    assert_int_equal(verify_original(&verifier, f.arena, buf_slice(&original), &bulletin, NULL),
                     ERR_CRYPTO);
    buf_reset(&original);
    packet_put(&original, facts.original_bytes);
    assert_int_equal(verify_original(&verifier, f.arena, buf_slice(&original), &bulletin, NULL),
                     OK);
    assert_true(slice_eq(bulletin.original, facts.original_bytes));
    buf_fini(&out);
    buf_fini(&original);
    fixture_drop(&f);
}

static void test_every_flipped_bit_is_noticed(void **state)
{
    struct fixture f = fixture_make();
    struct bulletin_facts facts = fixture_facts(&f, CLASS_ACTUAL, "Actual", "Actual");
    struct verifier verifier = {.keys = &f.list, .parser = f.parser};
    struct verified_bulletin bulletin;
    struct digest chain = {0};
    struct slice frame = fixture_seal(&f, &f.actual, &facts, 1, 0, false, &chain);
    char *bytes = (char *)(uintptr_t)frame.ptr;

    (void)state;
    for (size_t i = 0; i < frame.len; i++) {
        struct arena *arena = arena_create();
        bytes[i] ^= 1;
        assert_int_not_equal(
            verify_bulletin(&verifier, arena, SLICE("actual.us.ME."), frame, &bulletin, NULL), OK);
        bytes[i] ^= 1;
        arena_destroy(arena);
    }
    assert_int_equal(
        verify_bulletin(&verifier, f.arena, SLICE("actual.us.ME."), frame, &bulletin, NULL), OK);
    fixture_drop(&f);
}

static void test_receipts(void **state)
{
    struct fixture f = fixture_make();
    struct verifier verifier = {.keys = &f.list, .parser = f.parser};
    struct receipt_facts facts = {.relay = SLICE("vector"),
                                  .class = CLASS_EXERCISE,
                                  .authority = SLICE("office"),
                                  .verdict = SLICE("duplicate"),
                                  .details_json = SLICE("{\"notes\":[]}"),
                                  .time_us = fixture_time_us};
    struct verified_receipt receipt;
    struct buf out;

    (void)state;
    buf_init(&out, 65536);
    assert_int_equal(receipt_seal(&f.actual, &facts, &out, NULL), ERR_CRYPTO);
    assert_int_equal(receipt_seal(&f.exercise, &facts, &out, NULL), OK);
    assert_int_equal(verify_receipt(&verifier, f.arena, buf_slice(&out), &receipt, NULL), OK);
    assert_true(slice_eq_cstr(receipt.outcome, "duplicate"));
    assert_false(receipt.has_digest);
    buf_reset(&out);
    facts.class = CLASS_NONE;
    facts.verdict = SLICE("refused");
    assert_int_equal(receipt_seal(&f.exercise, &facts, &out, NULL), ERR_CRYPTO);
    assert_int_equal(receipt_seal(&f.actual, &facts, &out, NULL), OK);
    assert_int_equal(verify_receipt(&verifier, f.arena, buf_slice(&out), &receipt, NULL), OK);
    assert_int_equal(receipt.header.class, CLASS_NONE);
    assert_string_equal(receipt_outcome(SLICE("conflict")), "accepted");
    assert_string_equal(receipt_outcome(SLICE("irrelevant")), "refused");
    buf_fini(&out);
    fixture_drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packets_split_only_whole),
        cmocka_unit_test(test_compressed_frames_open_and_bombs_do_not),
        cmocka_unit_test(test_json_is_read_strictly),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_sealing_refuses_what_disagrees_on_the_class),
        cmocka_unit_test(test_a_large_original_travels_by_digest),
        cmocka_unit_test(test_every_flipped_bit_is_noticed),
        cmocka_unit_test(test_receipts),
    };

    return cmocka_run_group_tests_name("seal.seal", tests, NULL, NULL);
}
