/* palette.h - the dark palette: eye-checked for protan, deutan and tritan sight; never colour
 * alone. */
#pragma once

#define C_BACK 0xFF0F141BU
#define C_PANEL 0xFF161D27U
#define C_EDGE 0xFF2A3442U
#define C_TEXT 0xFFE8EDF3U
#define C_DIM 0xFF9AA7B6U
#define C_CELL 0xFF1B2531U
#define C_SELECT 0xFF1E2A3DU
#define C_TINT 0xFF3A1C12U /* behind what is down */
#define C_BUTTON 0xFF1A222DU
#define C_FOCUS 0xFFFFFFFFU
#define C_AMBER 0xFFFFB000U

#define C_UP 0xFF4FB3E8U
#define C_DEGRADED 0xFFFFE14DU
#define C_DOWN 0xFFE8590CU
#define C_UNKNOWN 0xFF596473U
#define C_DEPLOYING 0xFFF7F9FBU
#define C_HELD 0xFF2A62C4U
#define C_ATTACK 0xFFE667B8U
