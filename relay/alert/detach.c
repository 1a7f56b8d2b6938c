#include "alert/detach.h"

#include <libxml/parser.h>

/* Namespaces that the element or what is in it uses and that are declared around it come along,
 * those that it does not use and what else the wrapper hands down (xml:lang, xml:base) stay behind:
 * that is what the signer had before somebody wrapped it. */
struct slice detach(struct arena *arena, xmlNode *element)
{
    struct slice text = {NULL, 0};
    xmlDoc *document = xmlNewDoc((const xmlChar *)"1.0");
    xmlNode *copy = document ? xmlDocCopyNode(element, document, 1) : NULL;
    xmlChar *written = NULL;
    int len = 0;
    if (copy) {
        xmlDocSetRootElement(document, copy);
        xmlDocDumpMemoryEnc(document, &written, &len, "UTF-8");
    }
    if (written && len > 0)
        text = arena_copy(arena, slice_of((const char *)written, (size_t)len));
    xmlFree(written);
    xmlFreeDoc(document);
    return text;
}
