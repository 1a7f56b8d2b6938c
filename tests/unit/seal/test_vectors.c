/* docs/vectors/vectors.json says what this program makes. CAPRELAY_WRITE_VECTORS=1 writes it anew.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fixture.h"
#include "seal/json.h"
#include "seal/receipt.h"

#define VECTORS CAPRELAY_SOURCE "/docs/vectors/vectors.json"

static void put_hex(json_t *object, const char *name, struct slice bytes)
{
    char *hex = malloc(2 * bytes.len + 1);

    hex_encode((const uint8_t *)bytes.ptr, bytes.len, hex);
    json_put_cstr(object, name, hex);
    free(hex);
}

static void put_key(json_t *keys, const struct key *key, uint8_t fill)
{
    json_t *object = json_object();
    uint8_t seed[32];

    memset(seed, fill, sizeof seed);
    put_hex(object, "seed", slice_of(seed, sizeof seed));
    put_hex(object, "public", slice_of(key->public_key, sizeof key->public_key));
    json_put_cstr(object, "id", key->id);
    json_put(keys, key_purpose_name(key->purpose), object);
}

static json_t *keys_json(const struct fixture *f)
{
    json_t *keys = json_object();

    put_key(keys, &f->root, 1);
    put_key(keys, &f->actual, 2);
    put_key(keys, &f->exercise, 3);
    put_key(keys, &f->authority, 4);
    put_key(keys, &f->curve, 5);
    return keys;
}

static json_t *digest_json(void)
{
    struct digest digest = digest_of(SLICE("caprelay"));
    json_t *object = json_object();

    put_hex(object, "input", SLICE("caprelay"));
    json_put_digest(object, "digest", &digest);
    return object;
}

static json_t *signatures_json(const struct fixture *f)
{
    json_t *array = json_array();
    struct slice header = SLICE("{\"v\":1}");

    for (int kind = SEAL_BULLETIN; kind <= SEAL_KEYLIST; kind++) {
        const struct key *key = kind == SEAL_KEYLIST  ? &f->root
                                : kind == SEAL_INJECT ? &f->authority
                                                      : &f->actual;
        uint8_t signature[KEY_SIGNATURE_BYTES];
        json_t *item = json_object();
        key_sign(key, (enum seal_kind)kind, header, signature);
        json_put_cstr(item, "kind", seal_kind_name((enum seal_kind)kind));
        put_hex(item, "header", header);
        put_hex(item, "signature", slice_of(signature, sizeof signature));
        json_append(array, item);
    }
    return array;
}

static json_t *bulletin_json(struct fixture *f, const struct key *key,
                             const struct bulletin_facts *facts, uint64_t seq, uint64_t prev,
                             struct digest *chain)
{
    struct digest derived = digest_of(facts->derived_xml);
    struct digest original = digest_of(facts->original_bytes);
    json_t *object = json_object();

    put_hex(object, "packet", fixture_seal(f, key, facts, seq, prev, false, chain));
    json_put_text(object, "topic", facts->topics[0]);
    json_put_digest(object, "chain", chain);
    json_put_digest(object, "derived_digest", &derived);
    json_put_digest(object, "original_digest", &original);
    return object;
}

static json_t *receipt_json(const struct fixture *f)
{
    struct digest digest = digest_of(SLICE("caprelay"));
    struct receipt_facts facts = {.relay = SLICE("vector"),
                                  .class = CLASS_ACTUAL,
                                  .authority = SLICE("office"),
                                  .digest = &digest,
                                  .verdict = SLICE("irrelevant"),
                                  .reason = SLICE("border.too-far"),
                                  .time_us = fixture_time_us};
    json_t *object = json_object();
    struct buf out;

    buf_init(&out, 65536);
    assert_int_equal(receipt_seal(&f->actual, &facts, &out, NULL), OK);
    put_hex(object, "packet", buf_slice(&out));
    buf_fini(&out);
    return object;
}

static json_t *keylist_json(const struct fixture *f)
{
    json_t *object = json_object();
    struct buf out;

    buf_init(&out, 65536);
    assert_int_equal(keylist_seal(&f->root, &f->list, &out, NULL), OK);
    put_hex(object, "packet", buf_slice(&out));
    buf_fini(&out);
    return object;
}

static void add_refused(json_t *array, const char *name, const char *check, const char *topic,
                        struct slice frame)
{
    json_t *item = json_object();

    json_put_cstr(item, "name", name);
    json_put_cstr(item, "check", check);
    json_put_cstr(item, "topic", topic);
    put_hex(item, "frame", frame);
    json_append(array, item);
}

/* A packet of the same parts with one of them replaced. */
static struct slice with_part(struct fixture *f, struct slice frame, size_t which,
                              struct slice part)
{
    struct packet packet;
    struct slice made;
    struct buf out;

    assert_int_equal(packet_split(frame, &packet, NULL), OK);
    packet.parts[which] = part;
    buf_init(&out, PACKET_BYTES_MAX);
    for (size_t i = 0; i < packet.count; i++)
        packet_put(&out, packet.parts[i]);
    made = arena_copy(f->arena, buf_slice(&out));
    buf_fini(&out);
    return made;
}

static json_t *refused_json(struct fixture *f)
{
    struct bulletin_facts facts = fixture_facts(f, CLASS_ACTUAL, "Actual", "Actual");
    struct digest chain = {0};
    struct slice good = fixture_seal(f, &f->actual, &facts, 1, 0, false, &chain);
    struct slice exercise = fixture_cap(f->arena, "office@example.org", "o-1", "Exercise");
    json_t *array = json_array();
    struct bulletin_facts mixed = facts;

    add_refused(array, "another signature", "signature", "actual.us.ME.",
                with_part(f, good, 1, slice_of((const char[64]){1}, 64)));
    add_refused(array, "another derived message", "digest", "actual.us.ME.",
                with_part(f, good, 2, facts.original_bytes));
    add_refused(array, "another original", "digest", "actual.us.ME.",
                with_part(f, good, 3, facts.derived_xml));
    add_refused(array, "a topic that is not in the list", "topic", "actual.us.NH.", good);
    add_refused(array, "an exercise topic", "topic", "exercise.us.ME.", good);
    add_refused(array, "cut off", "frame", "actual.us.ME.", slice_sub(good, 0, good.len - 1));
    add_refused(array, "16 GiB declared", "frame", "actual.us.ME.",
                slice_of("\x28\xb5\x2f\xfd\xe0\0\0\0\0\x04\0\0\0\x01\0\0", 16));
    /* The model says Actual, the bytes say Exercise: what sealing cannot see, a reader must. */
    mixed.original_bytes = exercise;
    chain = (struct digest){0};
    add_refused(array, "an original with status Exercise", "class", "actual.us.ME.",
                fixture_seal(f, &f->actual, &mixed, 1, 0, false, &chain));
    mixed.original_bytes =
        fixture_cap(f->arena, "office@example.org", "o-1", "Actual</status><status>Exercise");
    chain = (struct digest){0};
    add_refused(array, "an original with two statuses", "class", "actual.us.ME.",
                fixture_seal(f, &f->actual, &mixed, 1, 0, false, &chain));
    return array;
}

static json_t *vectors(struct fixture *f)
{
    struct bulletin_facts actual = fixture_facts(f, CLASS_ACTUAL, "Actual", "Actual");
    struct bulletin_facts exercise = fixture_facts(f, CLASS_EXERCISE, "Exercise", "Exercise");
    struct digest chain = {0}, other = {0};
    json_t *root = json_object();

    json_put(root, "keys", keys_json(f));
    json_put(root, "digest", digest_json());
    json_put(root, "signatures", signatures_json(f));
    json_put(root, "keylist", keylist_json(f));
    json_put(root, "bulletin", bulletin_json(f, &f->actual, &actual, 1, 0, &chain));
    json_put(root, "second", bulletin_json(f, &f->actual, &actual, 2, 1, &chain));
    json_put(root, "exercise", bulletin_json(f, &f->exercise, &exercise, 1, 0, &other));
    json_put(root, "receipt", receipt_json(f));
    json_put(root, "refused", refused_json(f));
    return root;
}

/* Compressors differ between versions: the compressed frame is written once and only opened. */
static void add_compressed(struct fixture *f, json_t *root)
{
    struct bulletin_facts facts = fixture_facts(f, CLASS_ACTUAL, "Actual", "Actual");
    struct digest chain = {0};

    put_hex(json_object_get(root, "bulletin"), "frame",
            fixture_seal(f, &f->actual, &facts, 1, 0, true, &chain));
}

static void test_vectors_hold(void **state)
{
    struct fixture f = fixture_make();
    json_t *made = vectors(&f), *stored;
    const char *frame;

    (void)state;
    if (getenv("CAPRELAY_WRITE_VECTORS")) {
        add_compressed(&f, made);
        assert_int_equal(json_dump_file(made, VECTORS, JSON_INDENT(1)), 0);
    }
    stored = json_load_file(VECTORS, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(stored);
    frame = json_string_value(json_object_get(json_object_get(stored, "bulletin"), "frame"));
    assert_non_null(frame);
    json_put_cstr(json_object_get(made, "bulletin"), "frame", frame);
    assert_true(json_equal(made, stored));
    json_decref(made);
    json_decref(stored);
    fixture_drop(&f);
}

static struct slice from_hex(struct arena *arena, const json_t *object, const char *name)
{
    const char *hex = json_string_value(json_object_get(object, name));
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = arena_alloc(arena, len + 1);

    assert_true(hex_decode(slice_from_cstr(hex), bytes, len));
    return slice_of(bytes, len);
}

static void test_stored_vectors_verify(void **state)
{
    struct fixture f = fixture_make();
    json_t *stored = json_load_file(VECTORS, JSON_REJECT_DUPLICATES, NULL);
    const json_t *refused = json_object_get(stored, "refused");
    struct keylist list;
    struct verifier verifier = {.keys = &list, .parser = f.parser};
    struct verified_bulletin bulletin;
    struct err err = {0};

    (void)state;
    assert_int_equal(keylist_open(f.arena, f.root.public_key,
                                  from_hex(f.arena, json_object_get(stored, "keylist"), "packet"),
                                  &list, &err),
                     OK);
    assert_int_equal(
        verify_bulletin(&verifier, f.arena, SLICE("actual.us.ME."),
                        from_hex(f.arena, json_object_get(stored, "bulletin"), "frame"), &bulletin,
                        &err),
        OK);
    assert_int_equal(bulletin.seq, 1);
    assert_int_equal(json_array_size(refused), 9);
    for (size_t i = 0; i < json_array_size(refused); i++) {
        const json_t *item = json_array_get(refused, i);
        const char *check = json_string_value(json_object_get(item, "check"));
        struct slice topic = slice_from_cstr(json_string_value(json_object_get(item, "topic")));
        assert_int_not_equal(verify_bulletin(&verifier, f.arena, topic,
                                             from_hex(f.arena, item, "frame"), &bulletin, &err),
                             OK);
        assert_true(slice_starts_with(slice_from_cstr(err.text), check));
        assert_null(bulletin.derived_xml.ptr);
    }
    json_decref(stored);
    fixture_drop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_hold),
        cmocka_unit_test(test_stored_vectors_verify),
    };

    return cmocka_run_group_tests_name("seal.vectors", tests, NULL, NULL);
}
