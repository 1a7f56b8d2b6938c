/* Digests of resources in both readings. Expected values are sha1sum's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alert/resource.h"
#include "base/sha1.h"

/* sha1sum of "un son", and of its base64 text. */
#define SOUND "dW4gc29u"
#define SOUND_BYTES_SHA1 "dc9107b60efa607e9ccbb2af9720f04ec5bb559c"
#define SOUND_TEXT_SHA1 "10c99df0ed62316750f18f209eb715c44de86777"

static enum digest_reading reading(const char *content, const char *digest)
{
    struct cap_resource resource = {.deref_uri = slice_from_cstr(content),
                                    .digest = slice_from_cstr(digest)};
    return resource_digest(&resource);
}

static void test_both_readings(void **state)
{
    (void)state;
    assert_int_equal(reading(SOUND, SOUND_BYTES_SHA1), DIGEST_OF_BYTES);
    assert_int_equal(reading(SOUND, SOUND_TEXT_SHA1), DIGEST_OF_BASE64);
    assert_int_equal(reading("dW4g\r\n  c29u", SOUND_BYTES_SHA1), DIGEST_OF_BYTES);
    assert_int_equal(reading("dW4g\n  c29u", SOUND_TEXT_SHA1), DIGEST_OF_BASE64);
}

static void test_hex_in_either_case(void **state)
{
    (void)state;
    char upper[SHA1_HEX_LEN + 1];
    for (size_t i = 0; i <= SHA1_HEX_LEN; i++)
        upper[i] =
            (char)(SOUND_BYTES_SHA1[i] >= 'a' ? SOUND_BYTES_SHA1[i] - 32 : SOUND_BYTES_SHA1[i]);
    assert_int_equal(reading(SOUND, upper), DIGEST_OF_BYTES);
}

static void test_what_does_not_match(void **state)
{
    (void)state;
    assert_int_equal(reading("dW4gc29v", SOUND_BYTES_SHA1), DIGEST_MISMATCH);
    assert_int_equal(reading("not base64 !", SOUND_BYTES_SHA1), DIGEST_MISMATCH);
    assert_int_equal(reading(SOUND, "d41d8cd98f00b204e9800998ecf8427e"), DIGEST_MISMATCH);
    assert_int_equal(reading(NULL, "no digest"), DIGEST_MISMATCH);
}

static void test_what_cannot_be_checked(void **state)
{
    (void)state;
    assert_int_equal(reading(SOUND, NULL), DIGEST_ABSENT);
    assert_int_equal(reading(NULL, NULL), DIGEST_ABSENT);
    assert_int_equal(reading(NULL, SOUND_BYTES_SHA1), DIGEST_UNCHECKED);
    assert_string_equal(digest_reading_name(DIGEST_OF_BASE64), "base64");
}

static void test_embedded_content_is_measured(void **state)
{
    (void)state;
    struct embedded content;
    struct cap_resource resource = {.deref_uri = SLICE(SOUND)};
    assert_true(resource_embedded(&resource, &content));
    assert_int_equal(content.bytes, 6);
    assert_string_equal(content.sha1, SOUND_BYTES_SHA1);
    resource.deref_uri = SLICE("d*");
    assert_false(resource_embedded(&resource, &content));
    resource.deref_uri = (struct slice){0};
    assert_false(resource_embedded(&resource, &content));
}

static void test_base64_with_and_without_padding(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t len;
    assert_true(base64_decode(SLICE("YQ=="), out, &len) && len == 1 && out[0] == 'a');
    assert_true(base64_decode(SLICE("YQ"), out, &len) && len == 1 && out[0] == 'a');
    assert_true(base64_decode(SLICE(" YWI=\n"), out, &len) && len == 2);
    assert_true(base64_decode(SLICE(""), out, &len) && len == 0);
    assert_false(base64_decode(SLICE("Y"), out, &len));
    assert_false(base64_decode(SLICE("Y==="), out, &len));
    assert_false(base64_decode(SLICE("YQ==YQ=="), out, &len));
}

static void test_base64_in_lines(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t len;
    assert_true(base64_decode(SLICE("QUJDREVG\r\nR0\thJSktM\nTU5P"), out, &len));
    assert_int_equal(len, 15);
    assert_memory_equal(out, "ABCDEFGHIJKLMNO", 15);
    assert_true(base64_decode(SLICE("+/+/"), out, &len) && len == 3);
    assert_memory_equal(out, "\xfb\xff\xbf", 3);
}

static void test_base64_a_piece_at_a_time(void **state)
{
    (void)state;
    const struct slice text = SLICE(" QUJD\r\nREVG R0hJSktM\nTU5PUA== ");
    for (size_t size = 4; size <= 20; size++) {
        uint8_t out[64];
        size_t put = 0, len;
        struct base64_reader reader = base64_begin(text);
        while ((len = base64_next(&reader, out + put, size))) {
            assert_true(len <= size);
            put += len;
        }
        assert_true(base64_is_whole(&reader));
        assert_int_equal(put, 16);
        assert_memory_equal(out, "ABCDEFGHIJKLMNOP", 16);
    }
}

static void test_a_reading_is_kept(void **state)
{
    (void)state;
    struct cap_resource resource = {.deref_uri = SLICE(SOUND),
                                    .digest = SLICE(SOUND_BYTES_SHA1),
                                    .digest_reading = DIGEST_OF_BASE64};
    assert_int_equal(resource_digest(&resource), DIGEST_OF_BASE64);
    resource.digest_reading = DIGEST_NOT_READ;
    assert_int_equal(resource_digest(&resource), DIGEST_OF_BYTES);
}

static void test_sha1_in_pieces(void **state)
{
    (void)state;
    uint8_t whole[SHA1_BYTES], pieces[SHA1_BYTES];
    struct sha1_state *sha1 = sha1_begin();
    sha1_add(sha1, SLICE("un"));
    sha1_add(sha1, (struct slice){0});
    sha1_add(sha1, SLICE(" son"));
    assert_true(sha1_end(sha1, pieces));
    assert_true(sha1_of(SLICE("un son"), whole));
    assert_memory_equal(whole, pieces, SHA1_BYTES);
    sha1_add(NULL, SLICE("nothing"));
    assert_false(sha1_end(NULL, pieces));
}

static void test_what_is_no_base64(void **state)
{
    (void)state;
    uint8_t out[64];
    size_t len;
    assert_false(base64_decode(SLICE("YR=="), out, &len)); /* a bit left over */
    assert_false(base64_decode(SLICE("-_-_"), out, &len)); /* of another alphabet */
    assert_false(base64_decode(SLICE("AAAA*"), out, &len));
    assert_false(base64_decode(SLICE("AAAA*AAA"), out, &len));
    assert_int_equal(len, 0);
    for (int c = 0x80; c <= 0xff; c++) {
        char text[] = {'A', 'A', 'A', (char)c};
        assert_false(base64_decode(slice_of(text, sizeof text), out, &len));
    }
}

static void test_sha1_of_nothing(void **state)
{
    (void)state;
    uint8_t digest[SHA1_BYTES];
    assert_true(sha1_of((struct slice){0}, digest));
    assert_memory_equal(digest, "\xda\x39\xa3\xee\x5e\x6b\x4b\x0d\x32\x55", 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_both_readings),
        cmocka_unit_test(test_hex_in_either_case),
        cmocka_unit_test(test_what_does_not_match),
        cmocka_unit_test(test_what_cannot_be_checked),
        cmocka_unit_test(test_embedded_content_is_measured),
        cmocka_unit_test(test_base64_with_and_without_padding),
        cmocka_unit_test(test_base64_in_lines),
        cmocka_unit_test(test_base64_a_piece_at_a_time),
        cmocka_unit_test(test_a_reading_is_kept),
        cmocka_unit_test(test_sha1_in_pieces),
        cmocka_unit_test(test_what_is_no_base64),
        cmocka_unit_test(test_sha1_of_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
