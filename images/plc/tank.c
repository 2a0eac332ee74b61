/* tank.c - the physics and the controller of one tank; no clock, no input or output. */
#include "tank.h"

#define UM_PER_CM 10000
#define HEIGHT_UM ((int64_t)TANK_HEIGHT_CM * UM_PER_CM)

/* Flows as the level's change per step: the open valve lifts 6 cm/s, the demand draws 2.5 cm/s. A
 * full opening so nets 3.5 cm/s: from 250 cm over the alarm at 400 cm in 43 s. */
#define INFLOW_UM 6000
#define OUTFLOW_UM 2500

#define VALVE_TRAVEL 20 /* per mille a step: 5 s from shut to open */
#define BALANCE 417     /* OUTFLOW_UM / INFLOW_UM, per mille: the opening that holds a level */
#define GAIN 20         /* per mille a centimetre of error */

void tank_init(struct tank *tank)
{
    *tank = (struct tank){
            .level_um = (int64_t)TANK_SETPOINT_CM * UM_PER_CM,
            .valve = BALANCE,
            .setpoint = TANK_SETPOINT_CM,
            .mode = 1,
            .pump = true,
    };
}

static int clamp(int64_t value, int low, int high)
{
    return value < low ? low : value > high ? high : (int)value;
}

/* Proportional control around the balance; in manual mode the operator's value. */
static int wanted_valve(const struct tank *tank)
{
    if (tank->mode == 0) {
        return clamp(tank->manual, 0, 1000);
    }
    int64_t error_um = (int64_t)tank->setpoint * UM_PER_CM - tank->level_um;
    return clamp(BALANCE + error_um * GAIN / UM_PER_CM, 0, 1000);
}

void tank_step(struct tank *tank)
{
    int wanted = wanted_valve(tank);
    tank->valve += clamp(wanted - tank->valve, -VALVE_TRAVEL, VALVE_TRAVEL);
    int64_t in = tank->pump ? (int64_t)INFLOW_UM * tank->valve / 1000 : 0;
    int64_t out = tank->level_um < OUTFLOW_UM ? tank->level_um : OUTFLOW_UM;
    tank->level_um += in - out;
    if (tank->level_um > HEIGHT_UM) {
        /* 1 um over 10 m2 is 10 ml */
        tank->overflow_ml += (tank->level_um - HEIGHT_UM) * TANK_LITRES_PER_CM / (UM_PER_CM / 1000);
        tank->level_um = HEIGHT_UM;
    }
    tank->steps++;
}

uint16_t tank_level_cm(const struct tank *tank)
{
    return (uint16_t)((tank->level_um + UM_PER_CM / 2) / UM_PER_CM);
}

uint16_t tank_alarms(const struct tank *tank)
{
    unsigned alarms = 0;
    if (tank->level_um > (int64_t)TANK_HIGH_CM * UM_PER_CM) {
        alarms |= TANK_ALARM_HIGH;
    }
    if (tank->level_um >= HEIGHT_UM) {
        alarms |= TANK_ALARM_OVERFLOW;
    }
    return (uint16_t)alarms;
}

uint16_t tank_overflow_litres(const struct tank *tank)
{
    int64_t litres = tank->overflow_ml / 1000;
    return litres > UINT16_MAX ? UINT16_MAX : (uint16_t)litres;
}
