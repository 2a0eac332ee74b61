/* export_internal.h - the formats, one file each, and what they share. */
#pragma once

#include "report/export.h"

char *export_csv(const cJSON *document);
char *export_navigator(const cJSON *document);
char *export_stix(const cJSON *document);
char *export_ctftime(const cJSON *document);
char *export_ccs(const cJSON *document);

/* 2026-01-01T10:00:00.000Z; the caller's. */
char *export_time(gint64 wall_us);
/* 0:05:00.000; the caller's. */
char *export_contest_time(gint64 us);
/* When exercise time at_us was on the wall, as far as pauses let one say. */
gint64 export_wall_us(const cJSON *document, gint64 at_us);
/* A UUID of version 5 over text in this program's own name space; the caller's. */
char *export_uuid(const char *text);
