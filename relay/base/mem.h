/*
 * mem: allocation that does not fail.
 *
 * What an alert may take is bounded by explicit limits at the door (8 MiB a message), so running
 * out of memory means that the machine is broken. A relay that went on would drop alerts in
 * silence; these abort with a line on stderr, the service manager restarts, and the journal has
 * what was acknowledged.
 */
#ifndef CAPRELAY_BASE_MEM_H
#define CAPRELAY_BASE_MEM_H

#include <stddef.h>

/* Zeroed; never NULL. Free with free(). */
void *mem_alloc(size_t size);
void *mem_alloc_array(size_t count, size_t size);
/* The grown part is not zeroed. */
void *mem_realloc(void *old, size_t size);
char *mem_strdup(const char *text);
/* Makes room for one more item in an array that doubles: *items holds `count` of `*capacity`. */
void *mem_grow(void *items, size_t count, size_t *capacity, size_t item_size);

#endif
