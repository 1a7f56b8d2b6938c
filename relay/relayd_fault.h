/*
 * Tells the journal when the process dies of a fault of its own: a message that was in work then is
 * set aside sooner than after a kill from outside (journal.h).
 */
#ifndef CAPRELAY_RELAYD_FAULT_H
#define CAPRELAY_RELAYD_FAULT_H

#include "journal/journal.h"

/* For the whole process, until relayd_fault_forget(); the journal is lent until then. */
void relayd_fault_watch(struct journal *journal);
void relayd_fault_forget(void);

#endif
