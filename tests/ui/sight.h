/* sight.h - how colours look to people who see red, green or blue differently. */
#pragma once

#include "display/draw.h"

#define SIGHTS 4                /* normal, protan, deutan, tritan */
#define SIGHT_DISTANCE_MIN 12.0 /* CIE76; two that are nearer look alike at a glance */

const char *sight_name(int sight);
double sight_distance(colour a, colour b, int sight); /* CIE76 */
double sight_contrast(colour a, colour b);            /* WCAG 2, 1 to 21 */
