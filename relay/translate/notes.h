/*
 * notes: the codes of translation notes. Stable: subscribers and documents name them.
 */
#ifndef CAPRELAY_TRANSLATE_NOTES_H
#define CAPRELAY_TRANSLATE_NOTES_H

#define NOTE_MORE "notes-more" /* there were more notes than NOTES_MAX */

/* The message */
#define NOTE_CODE_DROPPED "code-dropped" /* profile or layer code of the source side */
#define NOTE_REFERENCE_UNREADABLE                                                                  \
    "reference-unreadable" /* a reference without a readable instant stays as it was */
#define NOTE_REFERENCE_REPEATED "reference-repeated" /* named twice, kept once */
#define NOTE_ENDING_UPDATE                                                                         \
    "ending-update" /* an ending that was no Cancel: it became one, or why it did not */
#define NOTE_ENDING_PARTLY "ending-partly"   /* some infos end, others go on: stays what it was */
#define NOTE_ENDING_VTEC "ending-vtec"       /* an info whose end VTEC alone told: urgency Past */
#define NOTE_EVENT_UPGRADED "event-upgraded" /* ends because another event takes its place */
#define NOTE_SCOPE_FILLED "scope-filled"     /* CAP 1.0 without scope */

/* Infos */
#define NOTE_INFOS_FROM_REFERENCED                                                                 \
    "infos-from-referenced"        /* a Cancel takes the infos of what it cancels */
#define NOTE_INFO_NONE "info-none" /* a message without info where the target expects some */
#define NOTE_ELEMENT_FILLED                                                                        \
    "element-filled" /* mandatory and absent or unreadable in the source                           \
                      */
#define NOTE_LANGUAGE_RELABELLED "language-relabelled"
#define NOTE_LANGUAGE_KEPT "language-kept" /* no channel of the target side carries it */
#define NOTE_URI_ENCODED "uri-encoded"     /* percent-encoded where the source was not */
#define NOTE_URI_DROPPED "uri-dropped"
#define NOTE_TIME_DROPPED "time-dropped"       /* unreadable instant */
#define NOTE_OFFSET_REPLACED "offset-replaced" /* same instant, other offset */
#define NOTE_ONSET_LATE "onset-after-expires"  /* the message lapses before the event begins */
#define NOTE_EVENT_OUTLASTS "event-outlasts-expires" /* the event's end is later than `expires` */

/* Events */
#define NOTE_EVENT_NONE "event-none" /* no counterpart: no event code */
#define NOTE_EVENT_BROADER "event-broader"
#define NOTE_EVENT_NARROWER "event-narrower"
#define NOTE_EVENT_DIFFERS "event-differs" /* infos of one message would get different codes */
#define NOTE_EVENT_UNVERIFIED                                                                      \
    "event-unverified" /* coded by a row that nobody official confirmed                            \
                        */
#define NOTE_EVENT_CODE_DROPPED "event-code-dropped"

/* Areas */
#define NOTE_NO_BOUNDARIES "no-boundaries"
#define NOTE_GEOCODE_DROPPED "geocode-dropped"
#define NOTE_GEOCODE_REFUSED "geocode-refused" /* a name that its sender cannot rightly use */
#define NOTE_GEOCODE_UNKNOWN "geocode-unknown" /* no boundary for it */
#define NOTE_GEOCODE_COARSE "geocode-coarse"   /* a wider unit stands in */
#define NOTE_GEOCODE_SLIVER "geocode-sliver"   /* overlapped too little to be coded */
#define NOTE_AREA_UNCODED "area-uncoded"       /* nothing on the target side is overlapped */
#define NOTE_AREA_NATIONAL "area-national"
#define NOTE_AREA_FILLED "area-filled" /* areaDesc was missing */
#define NOTE_SHAPE_FROM_GEOCODE "shape-from-geocode"
#define NOTE_SHAPE_REPEATS "shape-repeats"
#define NOTE_SHAPE_SIMPLIFIED "shape-simplified" /* outward, to the target's limit */
#define NOTE_SHAPE_UNREADABLE "shape-unreadable"
#define NOTE_ALTITUDE_DROPPED "altitude-dropped"

/* Parameters and resources */
#define NOTE_PARAMETER_DROPPED "parameter-dropped"
#define NOTE_PARAMETER_EMPTY "parameter-empty"
#define NOTE_DESCRIPTION_FROM_PARAMETER                                                            \
    "description-from-parameter" /* the sender's words stood in a broadcast text alone */
#define NOTE_CHANNELS_BLOCKED "channels-blocked"
#define NOTE_EMBEDDED_LEFT_OUT "embedded-left-out" /* derefUri stays in the original */
#define NOTE_RESOURCE_FILLED "resource-filled"
#define NOTE_RESOURCE_DROPPED "resource-dropped" /* would be broadcast on the target side */
#define NOTE_SIZE_DROPPED "size-dropped"
#define NOTE_SIZE_CORRECTED "size-corrected"     /* to what the embedded content has */
#define NOTE_DIGEST_CORRECTED "digest-corrected" /* was over the base64 text */
#define NOTE_DIGEST_DROPPED "digest-dropped"     /* of nothing that is here */

/* Generated French and English */
#define NOTE_FRENCH_GENERATED "french-generated"
#define NOTE_FRENCH_LEFT_OUT "french-left-out"     /* the message would be too large */
#define NOTE_FRENCH_EVENT_KEPT "french-event-kept" /* no table has a French name for it */
#define NOTE_ENGLISH_GENERATED "english-generated"
#define NOTE_ENGLISH_LEFT_OUT "english-left-out"
#define NOTE_ENGLISH_EVENT_KEPT "english-event-kept"
#define NOTE_FRENCH_EVENT_UNOFFICIAL                                                               \
    "french-event-unofficial" /* correct French, but nobody has published it */

#endif
