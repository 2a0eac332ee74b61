/* tank.h - the simulated plant: one tank, an inflow valve, a demand, a level controller.
 *
 * Volume balance with fixed steps: level' = (inflow(valve) - outflow(demand)) / area. All state is
 * in integers (micrometres, per mille), so a million steps drift by nothing and every run of the
 * same commands is the same run.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TANK_STEP_MS 100
#define TANK_HEIGHT_CM 500
#define TANK_HIGH_CM 400       /* alarm */
#define TANK_SETPOINT_CM 250   /* at power-on */
#define TANK_LITRES_PER_CM 100 /* area 10 m2 */

#define TANK_ALARM_HIGH 1
#define TANK_ALARM_OVERFLOW 2

struct tank {
    int64_t level_um;
    int64_t overflow_ml;
    uint64_t steps;
    int valve;         /* where the valve is, per mille open */
    uint16_t setpoint; /* cm */
    uint16_t mode;     /* 1 automatic, 0 manual */
    uint16_t manual;   /* valve in manual mode, per mille */
    bool pump;         /* without the pump nothing flows in */
};

void tank_init(struct tank *tank);

/* TANK_STEP_MS of the process. */
void tank_step(struct tank *tank);

uint16_t tank_level_cm(const struct tank *tank);        /* rounded, 0 to TANK_HEIGHT_CM */
uint16_t tank_alarms(const struct tank *tank);          /* TANK_ALARM_… */
uint16_t tank_overflow_litres(const struct tank *tank); /* at most 65535 */
