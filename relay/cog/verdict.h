/*
 * verdict: which channels an alert asks IPAWS for, and whether they took it. Pure.
 */
#ifndef CAPRELAY_COG_VERDICT_H
#define CAPRELAY_COG_VERDICT_H

#include "alert/alert.h"
#include "cog/answer.h"

/* Where IPAWS sends alerts out. */
enum cog_channel { COG_NWEM = 0, COG_EAS, COG_CMAS, COG_PUBLIC, COG_CHANNELS };

/* "NWEM", "EAS", "CMAS", "PUBLIC". */
const char *cog_channel_name(enum cog_channel channel);
/* COG_CHANNELS for none of these; in either case. */
enum cog_channel cog_channel_find(struct slice name);

/* Bits 1u << channel: the broadcast channels that an info does not block (BLOCKCHANNEL), and
 * PUBLIC, the feed of what is not EAS, where EAS is none of them. An alert without info asks for
 * none. */
unsigned cog_channels_asked(const struct alert *alert);

enum cog_outcome {
    COG_TAKEN = 0, /* by CAP exchange and every channel asked for */
    COG_KNOWN,     /* IPAWS has an alert of that identifier; what its channels did is not told */
    COG_REFUSED,   /* a channel said no, or did not say yes */
    COG_UNCLEAR    /* a fault, or an answer that is not understood: nothing is known */
};

struct cog_verdict {
    enum cog_outcome outcome;
    struct slice text; /* for people, one line */
    bool held;         /* CAP exchange took it: posted again it would be known already */
    unsigned acked;    /* channels that sent it out, whatever the outcome: bits */
    unsigned refused;  /* channels that said no: bits */
};

/* `identifier` is the posted alert's, `asked` its channels. */
void cog_judge(struct arena *arena, const struct cog_answer *answer, struct slice identifier,
               unsigned asked, struct cog_verdict *out);

#endif
