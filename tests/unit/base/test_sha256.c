/* SHA-256 against FIPS 180-4's own examples. */
#include "base/digest.h"
#include "base/sha256.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_sha256(struct slice text, const char *expected)
{
    uint8_t out[SHA256_BYTES];
    char hex[2 * SHA256_BYTES + 1];

    sha256_of(text, out);
    hex_encode(out, sizeof out, hex);
    assert_string_equal(hex, expected);
}

static void examples(void **state)
{
    (void)state;
    assert_sha256((struct slice){0},
                  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_sha256(SLICE("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    assert_sha256(SLICE("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void equal_is_equal_in_every_byte(void **state)
{
    uint8_t a[SHA256_BYTES], b[SHA256_BYTES];
    (void)state;

    sha256_of(SLICE("abc"), a);
    sha256_of(SLICE("abc"), b);
    assert_true(sha256_eq(a, b));
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        b[i] ^= 1;
        assert_false(sha256_eq(a, b));
        b[i] ^= 1;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples),
                                       cmocka_unit_test(equal_is_equal_in_every_byte)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
