/*
 * text: UTF-8 and the characters of XML. Internal to the room.
 */
#ifndef CAPRELAY_ALERT_TEXT_H
#define CAPRELAY_ALERT_TEXT_H

#include "base/slice.h"

#include <stdint.h>

/* Length in bytes of the well-formed UTF-8 sequence at `at`, its code point in *code; 0 where there
 * is none. */
size_t text_utf8_at(struct slice text, size_t at, uint32_t *code);
/* Whether XML 1.0 can carry the character. */
bool text_is_xml_char(uint32_t code);
/* The first line of a text as a C string: cut at a character's border where it is too long, without
 * what is not UTF-8. */
void text_copy_line(char *out, size_t out_size, const char *text);
/* At most max_bytes of it, cut at a character's border: for messages about a value that may be
 * huge. */
struct slice text_clip(struct slice text, size_t max_bytes);

#endif
