/* Keys, key files, key lists and cards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "seal/card.h"

#include <sys/stat.h>
#include <unistd.h>

static void path_in(char *out, size_t size, const char *folder, const char *name)
{
    snprintf(out, size, "%s/%s", folder, name);
}

static void test_a_signature_is_of_one_kind_and_one_text(void **state)
{
    struct fixture f = fixture_make();
    uint8_t signature[KEY_SIGNATURE_BYTES];
    struct slice bytes = SLICE("{\"v\":1}");

    (void)state;
    key_sign(&f.actual, SEAL_BEAT, bytes, signature);
    struct slice sig = slice_of(signature, sizeof signature);
    for (int kind = SEAL_BULLETIN; kind <= SEAL_KEYLIST; kind++)
        assert_int_equal(key_verify(f.actual.public_key, (enum seal_kind)kind, bytes, sig),
                         kind == SEAL_BEAT);
    assert_false(key_verify(f.exercise.public_key, SEAL_BEAT, bytes, sig));
    assert_false(key_verify(f.actual.public_key, SEAL_BEAT, SLICE("{\"v\":2}"), sig));
    assert_false(key_verify(f.actual.public_key, SEAL_BEAT, bytes, slice_sub(sig, 0, 63)));
    fixture_drop(&f);
}

static void test_key_files_round_trip_and_are_kept_from_others(void **state)
{
    char folder[] = "/tmp/caprelay-keys-XXXXXX", path[200];
    struct err err = {0};
    struct stat status;
    struct key key, back;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path_in(path, sizeof path, folder, "a.key");
    for (int purpose = KEY_ROOT; purpose <= KEY_CURVE; purpose++) {
        key_new(&key, (enum key_purpose)purpose);
        assert_int_equal(key_save(path, &key, &err), OK);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
        assert_int_equal(key_load(path, &back, &err), OK);
        assert_memory_equal(&key, &back, sizeof key);
        assert_int_equal(key_save(path, &key, &err), ERR_EXISTS);
        assert_int_equal(chmod(path, 0640), 0);
        assert_int_equal(key_load(path, &back, &err), ERR_CRYPTO);
        assert_non_null(strstr(err.text, "chmod 600"));
        assert_false(back.has_secret);
        unlink(path);
    }
    rmdir(folder);
}

static void test_bad_key_files_are_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{}",
        "[1]",
        "{\"v\":1,\"type\":\"caprelay-key\",\"purpose\":\"king\",\"public\":\"00\"}",
        "{\"v\":1,\"type\":\"caprelay-key\",\"purpose\":\"root\",\"public\":\"00\"}",
        "{\"v\":1,\"type\":\"other\",\"purpose\":\"root\",\"public\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\"}",
        /* the public half of another secret */
        "{\"v\":1,\"type\":\"caprelay-key\",\"purpose\":\"root\",\"public\":"
        "\"0000000000000000000000000000000000000000000000000000000000000000\",\"secret\":"
        "\"0101010101010101010101010101010101010101010101010101010101010101\"}",
    };
    char folder[] = "/tmp/caprelay-keys-XXXXXX", path[200];
    struct key key;

    (void)state;
    assert_non_null(mkdtemp(folder));
    path_in(path, sizeof path, folder, "bad.key");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err = {0};
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        fputs(texts[i], file);
        fclose(file);
        chmod(path, 0600);
        assert_int_not_equal(key_load(path, &key, &err), OK);
        assert_non_null(strstr(err.text, "bad.key"));
        unlink(path);
    }
    assert_int_equal(key_load(path, &key, NULL), ERR_IO);
    assert_int_equal(key_load(folder, &key, NULL), ERR_INVALID);
    rmdir(folder);
}

static void test_the_list_judges_purpose_time_and_revocation(void **state)
{
    struct fixture f = fixture_make();
    struct keylist *list = &f.list;
    const struct keylist_key *found;
    struct slice actual = slice_from_cstr(f.actual.id);
    int64_t now = fixture_time_us;

    (void)state;
    assert_int_equal(keylist_check(list, actual, CLASS_ACTUAL, now, &found, NULL), OK);
    assert_int_equal(keylist_check(list, actual, CLASS_EXERCISE, now, &found, NULL), ERR_CRYPTO);
    assert_int_equal(keylist_check(list, actual, CLASS_NONE, now, &found, NULL), ERR_CRYPTO);
    assert_int_equal(
        keylist_check(list, slice_from_cstr(f.authority.id), CLASS_ACTUAL, now, &found, NULL),
        ERR_CRYPTO);
    assert_int_equal(
        keylist_check(list, slice_from_cstr(f.root.id), CLASS_ACTUAL, now, &found, NULL),
        ERR_NOT_FOUND);
    list->keys[0].not_before_us = now;
    list->keys[0].not_after_us = now + 1;
    assert_int_equal(keylist_check(list, actual, CLASS_ACTUAL, now, &found, NULL), OK);
    assert_int_equal(keylist_check(list, actual, CLASS_ACTUAL, now - 1, &found, NULL), ERR_CRYPTO);
    assert_int_equal(keylist_check(list, actual, CLASS_ACTUAL, now + 1, &found, NULL), ERR_CRYPTO);
    list->keys[0].revoked = true;
    assert_int_equal(keylist_check(list, actual, CLASS_ACTUAL, now, &found, NULL), ERR_CRYPTO);
    fixture_drop(&f);
}

static void test_only_the_root_signs_a_list(void **state)
{
    struct fixture f = fixture_make();
    struct keylist back;
    struct buf out;

    (void)state;
    buf_init(&out, 65536);
    assert_int_equal(keylist_seal(&f.actual, &f.list, &out, NULL), ERR_CRYPTO);
    assert_int_equal(keylist_seal(&f.root, &f.list, &out, NULL), OK);
    assert_int_equal(keylist_open(f.arena, f.actual.public_key, buf_slice(&out), &back, NULL),
                     ERR_CRYPTO);
    assert_int_equal(keylist_open(f.arena, f.root.public_key, buf_slice(&out), &back, NULL), OK);
    assert_int_equal(back.count, 3);
    assert_true(slice_eq_cstr(back.keys[2].name, "office"));
    assert_int_equal(back.issued_us, fixture_time_us);
    buf_fini(&out);
    fixture_drop(&f);
}

static void test_cards(void **state)
{
    struct fixture f = fixture_make();
    struct card card = {.relay = "r", .feed = "tcp://h:1", .query = "tcp://h:2", .has_curve = true},
                back;
    struct buf out;

    (void)state;
    memcpy(card.curve, f.curve.public_key, sizeof card.curve);
    memcpy(card.root, f.root.public_key, sizeof card.root);
    buf_init(&out, 65536);
    card_write(&card, &out);
    assert_int_equal(card_read(f.arena, buf_slice(&out), &back, NULL), OK);
    assert_string_equal(back.query, "tcp://h:2");
    assert_null(back.inject);
    assert_memory_equal(back.curve, card.curve, sizeof card.curve);
    /* A card that forgot its curve must not become a plain one. */
    assert_int_equal(card_read(f.arena,
                               arena_printf(f.arena,
                                            "{\"v\":1,\"relay\":\"r\",\"feed\":\"tcp://h:1\","
                                            "\"query\":\"tcp://h:2\",\"root\":\"%064d\"}",
                                            0),
                               &back, NULL),
                     ERR_INVALID);
    buf_fini(&out);
    fixture_drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_signature_is_of_one_kind_and_one_text),
        cmocka_unit_test(test_key_files_round_trip_and_are_kept_from_others),
        cmocka_unit_test(test_bad_key_files_are_refused),
        cmocka_unit_test(test_the_list_judges_purpose_time_and_revocation),
        cmocka_unit_test(test_only_the_root_signs_a_list),
        cmocka_unit_test(test_cards),
    };

    return cmocka_run_group_tests_name("seal.keys", tests, NULL, NULL);
}
