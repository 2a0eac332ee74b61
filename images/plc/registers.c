/* registers.c - frames checked before libmodbus sees them; registers to tank and back. */
#include "registers.h"

#include <stdio.h>

#define MBAP_BYTES 7
#define HEAD_BYTES 6 /* of the MBAP header, before what its length counts */

static unsigned word(const uint8_t *bytes)
{
    return (unsigned)bytes[0] << 8 | bytes[1];
}

/* Bytes of a request's body after the function code, or -1 where the code says nothing of it. */
static int body_length(const uint8_t *frame, size_t length)
{
    switch (frame[MBAP_BYTES]) {
    case MODBUS_FC_READ_COILS:
    case MODBUS_FC_READ_DISCRETE_INPUTS:
    case MODBUS_FC_READ_HOLDING_REGISTERS:
    case MODBUS_FC_READ_INPUT_REGISTERS:
    case MODBUS_FC_WRITE_SINGLE_COIL:
    case MODBUS_FC_WRITE_SINGLE_REGISTER:
        return 4;
    case MODBUS_FC_WRITE_MULTIPLE_COILS:
    case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
        return length > MBAP_BYTES + 5 ? 5 + frame[MBAP_BYTES + 5] : 5;
    case MODBUS_FC_MASK_WRITE_REGISTER:
        return 6;
    case MODBUS_FC_WRITE_AND_READ_REGISTERS:
        return length > MBAP_BYTES + 9 ? 9 + frame[MBAP_BYTES + 9] : 9;
    default:
        return -1;
    }
}

/* A multiple write's byte count must be what its number of items needs: libmodbus trusts it. */
static bool counts_fit(const uint8_t *frame)
{
    const uint8_t *body = frame + MBAP_BYTES + 1;
    switch (frame[MBAP_BYTES]) {
    case MODBUS_FC_WRITE_MULTIPLE_COILS:
        return body[4] == (word(body + 2) + 7) / 8;
    case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
        return body[4] == word(body + 2) * 2;
    case MODBUS_FC_WRITE_AND_READ_REGISTERS:
        return body[8] == word(body + 6) * 2;
    default:
        return true;
    }
}

int registers_frame(const uint8_t *bytes, size_t used)
{
    if (used < MBAP_BYTES + 1) {
        return 0;
    }
    size_t length = HEAD_BYTES + word(bytes + 4);
    if (word(bytes + 2) != 0 || length < MBAP_BYTES + 1 || length > MODBUS_TCP_MAX_ADU_LENGTH) {
        return -1;
    }
    if (used < length) {
        return 0;
    }
    int body = body_length(bytes, length);
    if (body >= 0 && (length != (size_t)(MBAP_BYTES + 1 + body) || !counts_fit(bytes))) {
        return -1;
    }
    return (int)length;
}

bool registers_is_write(const uint8_t *frame, size_t length, char *what, size_t size)
{
    const uint8_t *body = frame + MBAP_BYTES + 1;
    unsigned code = frame[MBAP_BYTES];
    switch (code) {
    case MODBUS_FC_READ_COILS:
    case MODBUS_FC_READ_DISCRETE_INPUTS:
    case MODBUS_FC_READ_HOLDING_REGISTERS:
    case MODBUS_FC_READ_INPUT_REGISTERS:
    case MODBUS_FC_REPORT_SLAVE_ID:
        return false;
    case MODBUS_FC_WRITE_SINGLE_COIL:
        snprintf(what, size, "coil%u=%d", word(body), word(body + 2) == 0xff00);
        return true;
    case MODBUS_FC_WRITE_SINGLE_REGISTER:
        snprintf(what, size, "hr%u=%u", word(body), word(body + 2));
        return true;
    case MODBUS_FC_WRITE_MULTIPLE_REGISTERS:
        snprintf(what, size, "hr%u=%u (%u registers)", word(body),
                length > MBAP_BYTES + 7 ? word(body + 5) : 0, word(body + 2));
        return true;
    case MODBUS_FC_WRITE_MULTIPLE_COILS:
        snprintf(what, size, "coil%u=%d (%u coils)", word(body),
                length > MBAP_BYTES + 6 ? body[5] & 1 : 0, word(body + 2));
        return true;
    default:
        snprintf(what, size, "function %u", code);
        return true;
    }
}

void registers_publish(const struct tank *tank, modbus_mapping_t *map)
{
    uint16_t alarms = tank_alarms(tank);
    map->tab_bits[0] = tank->pump;
    map->tab_input_bits[0] = (alarms & TANK_ALARM_HIGH) != 0;
    map->tab_input_bits[1] = (alarms & TANK_ALARM_OVERFLOW) != 0;
    map->tab_registers[0] = tank->setpoint;
    map->tab_registers[1] = tank->mode;
    map->tab_registers[2] = tank->manual;
    map->tab_input_registers[0] = tank_level_cm(tank);
    map->tab_input_registers[1] = (uint16_t)tank->valve;
    map->tab_input_registers[2] = alarms;
    map->tab_input_registers[3] = tank_overflow_litres(tank);
}

static uint16_t at_most(uint16_t value, uint16_t limit)
{
    return value > limit ? limit : value;
}

void registers_take(struct tank *tank, const modbus_mapping_t *map)
{
    tank->pump = map->tab_bits[0] != 0;
    tank->setpoint = at_most(map->tab_registers[0], TANK_HEIGHT_CM);
    tank->mode = at_most(map->tab_registers[1], 1);
    tank->manual = at_most(map->tab_registers[2], 1000);
}
