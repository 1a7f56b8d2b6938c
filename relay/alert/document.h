/*
 * document: bytes to an XML tree, within limits. For this room, and for origin: what is verified is
 * to be what was read.
 */
#ifndef CAPRELAY_ALERT_DOCUMENT_H
#define CAPRELAY_ALERT_DOCUMENT_H

#include "base/slice.h"

#include <libxml/tree.h>

enum document_refusal {
    DOCUMENT_OK = 0,
    DOCUMENT_NOT_XML,
    DOCUMENT_DOCTYPE,
    DOCUMENT_TOO_DEEP,
    DOCUMENT_TOO_MANY_ELEMENTS,
    DOCUMENT_TOO_MANY_ATTRIBUTES,
    DOCUMENT_FOREIGN_ENCODING /* one in which the attributes cannot be counted, and large */
};

struct document {
    xmlDoc *tree; /* NULL where refused; freed by document_fini */
    enum document_refusal refusal;
    unsigned line; /* of the fault */
    char text[240];
};

/* `encoding` overrides the declaration; NULL leaves it. */
void document_init(struct document *document, struct slice bytes, const char *encoding);
void document_fini(struct document *document);

#endif
