/* HMAC-SHA256 against the vectors of RFC 4231. */
#include "base/digest.h"
#include "base/hmac.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void assert_hmac(struct slice key, struct slice text, const char *expected)
{
    uint8_t out[HMAC_BYTES];
    char hex[HMAC_HEX_MAX];

    hmac_sha256(key, &text, 1, out);
    hex_encode(out, sizeof out, hex);
    assert_string_equal(hex, expected);
    /* In pieces it is the same. */
    struct slice parts[] = {slice_sub(text, 0, 3), slice_sub(text, 3, 3),
                            slice_sub(text, 3, text.len)};
    hmac_sha256(key, parts, 3, out);
    hex_encode(out, sizeof out, hex);
    assert_string_equal(hex, expected);
}

static void vectors(void **state)
{
    char key[131], data[50];
    (void)state;

    memset(key, 0x0b, 20);
    assert_hmac(slice_of(key, 20), SLICE("Hi There"),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    assert_hmac(SLICE("Jefe"), SLICE("what do ya want for nothing?"),
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    memset(key, 0xaa, 20);
    memset(data, 0xdd, 50);
    assert_hmac(slice_of(key, 20), slice_of(data, 50),
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
    memset(key, 0xaa, sizeof key); /* longer than a block: hashed first */
    assert_hmac(slice_of(key, sizeof key),
                SLICE("Test Using Larger Than Block-Size Key - Hash Key First"),
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(vectors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
