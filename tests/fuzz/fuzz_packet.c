/* A frame from the network, opened as everything that a client or the relay may take it for. */
#include "seal/card.h"
#include "seal/packet.h"
#include "seal/verify.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The keys of the test vectors, so that the corpus reaches behind the signature. */
static struct keylist keys(struct arena *arena)
{
    struct keylist list = {.relay = SLICE("vector"), .count = 2};

    list.keys = arena_alloc_array(arena, list.count, sizeof *list.keys);
    for (uint8_t i = 0; i < list.count; i++) {
        struct key key;
        uint8_t seed[32];
        memset(seed, i + 2, sizeof seed);
        key_from_seed(&key, i ? KEY_EXERCISE : KEY_ACTUAL, seed);
        list.keys[i].purpose = key.purpose;
        memcpy(list.keys[i].public_key, key.public_key, sizeof key.public_key);
        memcpy(list.keys[i].id, key.id, sizeof key.id);
    }
    return list;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_create();
    struct keylist list, other;
    struct parser *parser = NULL;
    struct slice frame = slice_of(data, size);
    struct verified_bulletin bulletin;
    struct verified_receipt receipt;
    struct verified_answer answer;
    struct signed_header header;
    struct verified_beat beat;
    struct card card;
    uint8_t root[KEY_PUBLIC_BYTES] = {0};

    if (seal_init(NULL) != OK || parser_create(&parser, NULL) != OK)
        abort();
    list = keys(arena);
    struct verifier verifier = {.keys = &list, .parser = parser};
    struct question question = {SLICE("since"), CLASS_ACTUAL, SLICE("00")};
    /* Nothing unverified may be handed out. */
    if (verify_bulletin(&verifier, arena, (struct slice){0}, frame, &bulletin, NULL) != OK &&
        bulletin.derived_xml.ptr)
        abort();
    (void)verify_beat(&verifier, arena, CLASS_ACTUAL, frame, &beat, NULL);
    (void)verify_answer(&verifier, arena, &question, &frame, 1, &answer, NULL);
    (void)verify_receipt(&verifier, arena, frame, &receipt, NULL);
    (void)verify_copies(&verifier, arena, CLASS_ACTUAL, 1, frame, &header, NULL);
    (void)keylist_open(arena, root, frame, &other, NULL);
    (void)card_read(arena, frame, &card, NULL);
    parser_destroy(parser);
    arena_destroy(arena);
    return 0;
}
