/*
 * lifecycle: endings, expiry, what is in force. Pure functions of one alert and a time.
 */
#ifndef CAPRELAY_ALERT_LIFECYCLE_H
#define CAPRELAY_ALERT_LIFECYCLE_H

#include "alert/alert.h"

/* How an info says that what it is about is over. */
enum ending {
    ENDING_NONE = 0,
    ENDING_PAST, /* urgency Past and nothing more: it may be over, or a report of what has happened
                    (an earthquake), which calls nothing off */
    ENDING_SAID, /* responseType AllClear, ECCC's Alert_Location_Status "ended", or urgency Past
                    and every VTEC ends */
    ENDING_VTEC  /* by VTEC alone: it has some, and the action of each is CAN, EXP or UPG */
};
enum ending info_ending(const struct cap_info *info);
bool info_is_ending(const struct cap_info *info);

/* Cancel, or every info is an ending (an ECCC ending is an Update; an NWS one may be). No info:
 * only a Cancel ends. A message that ends one thing and goes on about another is none. */
bool alert_is_ending(const struct alert *alert);

/* The event's end of one info beside `expires`: parameters `ends`, `eventEndingTime`,
 * `layer:EC-MSC-SMC:1.x:Event_End_Time`, the end of a VTEC. The latest of those given; set is false
 * where none is. */
struct cap_time info_event_end(const struct cap_info *info);

/* The latest of `expires` and event end over all infos; false where no info has either. */
bool alert_latest_end(const struct alert *alert, int64_t *utc_s);

/* Whether `expired` may be said: msgType Alert, it has an end, and every end of it lies before now.
 */
bool alert_has_expired(const struct alert *alert, int64_t now_s);

/* Whether an Atom entry says that what it tells is over: it expires no later than it was updated,
 * which is how an author withdraws it. */
bool alert_entry_is_over(const struct alert *alert);

/* Until when it is in force if nothing ends it before; without any end `default_hours` from
 * effective or sent. Not after `sent` for an ending, an Ack or an Error (returns false: never in
 * force). */
bool alert_in_force_until(const struct alert *alert, unsigned default_hours, int64_t *utc_s);

#endif
