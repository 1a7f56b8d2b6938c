/*
 * verify_internal: what the openers of verify.h share. For this room only.
 */
#ifndef CAPRELAY_SEAL_VERIFY_INTERNAL_H
#define CAPRELAY_SEAL_VERIFY_INTERNAL_H

#include "seal/json.h"
#include "seal/packet.h"
#include "seal/verify.h"

/* Opens the frame, reads the header, finds the key and checks the signature. *json is the caller's
 * to drop on success. `part_count` is what the kind has. A class of null is taken as that of the
 * actual key where `class_maybe`. */
enum err_code verify_signed(const struct verifier *verifier, struct arena *arena,
                            struct slice frame, enum seal_kind kind, size_t part_count,
                            bool class_maybe, struct packet *packet, struct signed_header *header,
                            json_t **json, struct err *err);

struct head json_get_head(struct json_fields *fields, const json_t *object, const char *name);
/* An object: topic to number. Absent gives none. */
struct topic_number *json_get_topic_numbers(struct json_fields *fields, const json_t *object,
                                            const char *name, size_t *count);

#endif
