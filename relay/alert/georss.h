/*
 * georss: shapes in GeoRSS and GML to the model. Internal to the room.
 *
 * GeoRSS Simple (`georss:point`, `line`, `polygon`, `box`, `circle`), `georss:where` and GML 3
 * (Point, LineString, Polygon, Envelope, CircleByCenterPoint, alone or in collections). Pairs are
 * latitude then longitude, but in GML under a CRS84 name. Radii of GeoRSS are in metres.
 * Sources: GeoRSS Simple and GML encodings (OGC 17-002r1); GML 3.2.1.
 *
 * A point is a circle of radius 0; a box is a polygon; a line, which CAP does not have, is covered
 * by its box with a finding: never smaller than what was said.
 */
#ifndef CAPRELAY_ALERT_GEORSS_H
#define CAPRELAY_ALERT_GEORSS_H

#include "alert/read.h"

/* Adds the shape that the element is, or those inside it, to the area; what cannot be read is a
 * finding. False where it is no element of GeoRSS or GML. */
bool georss_read(struct reader *r, const xmlNode *node, struct cap_area *area);

/* Any element below `node` that is a shape; false where there is none. */
bool georss_read_below(struct reader *r, const xmlNode *node, struct cap_area *area);

/* An areaDesc where there is none: the geocodes' values, else the place of the shapes in degrees.
 * The same in every language. */
void area_describe(struct arena *arena, struct cap_area *area);

#endif
