/* test_image_tank.c - the controller's tank, its register map and its list of writers. */
#include "support/test.h"

#include "allow.h"
#include "registers.h"
#include "tank.h"

#include <arpa/inet.h>
#include <string.h>

#define STEPS_PER_SECOND (1000 / TANK_STEP_MS)

static void run_seconds(struct tank *tank, int seconds)
{
    for (int i = 0; i < seconds * STEPS_PER_SECOND; i++) {
        tank_step(tank);
    }
}

static void the_controller_holds_its_set_point_for_a_day(void **state)
{
    (void)state;
    struct tank tank;
    tank_init(&tank);
    for (int minute = 0; minute < 24 * 60; minute++) {
        run_seconds(&tank, 60);
        assert_in_range(tank_level_cm(&tank), 240, 260);
    }
    assert_int_equal(tank.overflow_ml, 0);
    assert_int_equal(tank_alarms(&tank), 0);
}

static void the_same_commands_give_the_same_run(void **state)
{
    (void)state;
    struct tank one, two;
    tank_init(&one);
    tank_init(&two);
    for (int i = 0; i < 10000; i++) {
        one.setpoint = two.setpoint = (uint16_t)(i / 7 % 500);
        tank_step(&one);
        tank_step(&two);
    }
    assert_int_equal(one.level_um, two.level_um);
    assert_int_equal(one.valve, two.valve);
    assert_int_equal(one.steps, 10000);
}

static void a_raised_set_point_passes_the_alarm_within_a_minute(void **state)
{
    (void)state;
    struct tank tank;
    tank_init(&tank);
    run_seconds(&tank, 60);
    tank.setpoint = 480;
    int seconds = 0;
    while (!(tank_alarms(&tank) & TANK_ALARM_HIGH) && seconds < 120) {
        run_seconds(&tank, 1);
        seconds++;
    }
    assert_in_range(seconds, 30, 60);
    assert_true(tank_level_cm(&tank) >= TANK_HIGH_CM);
    run_seconds(&tank, 120);
    assert_in_range(tank_level_cm(&tank), 470, 490);
    tank.setpoint = TANK_SETPOINT_CM;
    run_seconds(&tank, 240);
    assert_in_range(tank_level_cm(&tank), 240, 260);
    assert_int_equal(tank_alarms(&tank), 0);
}

static void what_overflows_is_what_flowed_in_and_did_not_leave(void **state)
{
    (void)state;
    struct tank tank;
    tank_init(&tank);
    tank.mode = 0;
    tank.manual = 1000;
    run_seconds(&tank, 300);
    assert_int_equal(tank_level_cm(&tank), TANK_HEIGHT_CM);
    assert_int_equal(tank_alarms(&tank), TANK_ALARM_HIGH | TANK_ALARM_OVERFLOW);
    int64_t before = tank.overflow_ml;
    run_seconds(&tank, 10);
    /* 3.5 cm/s net over 10 m2 is 350 l/s */
    assert_int_equal(tank.overflow_ml - before, 10 * 350 * 1000);
    run_seconds(&tank, 600);
    assert_int_equal(tank_overflow_litres(&tank), UINT16_MAX);
}

static void without_the_pump_the_tank_runs_dry_and_not_below(void **state)
{
    (void)state;
    struct tank tank;
    tank_init(&tank);
    tank.pump = false;
    run_seconds(&tank, 300);
    assert_int_equal(tank.level_um, 0);
    tank.pump = true;
    run_seconds(&tank, 300);
    assert_in_range(tank_level_cm(&tank), 240, 260);
}

static bool permits(const struct allow *allow, const char *source)
{
    struct in_addr address;
    assert_int_equal(inet_pton(AF_INET, source, &address), 1);
    return allow_permits(allow, address);
}

static void an_empty_list_admits_everyone_and_a_line_only_its_own(void **state)
{
    (void)state;
    struct allow allow;
    assert_int_equal(allow_parse(&allow, "# nobody yet\n\n   \n"), 0);
    assert_true(permits(&allow, "10.20.1.66"));
    assert_int_equal(allow_parse(&allow, "10.20.2.0/24 # the plant\r\n\t10.9.9.9"), 0);
    assert_true(permits(&allow, "10.20.2.77"));
    assert_true(permits(&allow, "10.9.9.9"));
    assert_false(permits(&allow, "10.20.1.66"));
    assert_int_equal(allow_parse(&allow, "0.0.0.0/0"), 0);
    assert_true(permits(&allow, "1.2.3.4"));
}

static void a_line_that_cannot_be_read_admits_nobody(void **state)
{
    (void)state;
    static const char *const bad[] = {"10.0.0.0/33", "10.0.0/8", "everyone", "10.0.0.1/", "::1",
            "10.0.0.0/-1", "10.0.0.0/8x",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        struct allow allow;
        assert_int_equal(allow_parse(&allow, bad[i]), 1);
        assert_false(permits(&allow, "10.0.0.1"));
    }
}

static void frames_are_whole_partial_or_refused(void **state)
{
    (void)state;
    const uint8_t write_one[] = {0, 1, 0, 0, 0, 6, 1, 6, 0, 0, 1, 0xe0};
    for (size_t used = 0; used < sizeof(write_one); used++) {
        assert_int_equal(registers_frame(write_one, used), 0);
    }
    assert_int_equal(registers_frame(write_one, sizeof(write_one)), sizeof(write_one));

    uint8_t bad[260] = {0, 1, 0, 0, 0, 6, 1, 6};
    bad[2] = 1; /* not Modbus */
    assert_int_equal(registers_frame(bad, 12), -1);
    bad[2] = 0;
    bad[4] = 0xff; /* longer than any frame */
    assert_int_equal(registers_frame(bad, 12), -1);
    bad[4] = 0;
    bad[5] = 1; /* shorter than a function code */
    assert_int_equal(registers_frame(bad, 12), -1);
    bad[5] = 5; /* a write of one register needs 6 */
    assert_int_equal(registers_frame(bad, 12), -1);
}

static void a_count_that_does_not_fit_its_bytes_is_refused(void **state)
{
    (void)state;
    /* write 100 registers, two bytes long */
    const uint8_t registers[] = {0, 1, 0, 0, 0, 9, 1, 16, 0, 0, 0, 100, 2, 1, 2};
    assert_int_equal(registers_frame(registers, sizeof(registers)), -1);
    const uint8_t fits[] = {0, 1, 0, 0, 0, 9, 1, 16, 0, 0, 0, 1, 2, 1, 0xe0};
    assert_int_equal(registers_frame(fits, sizeof(fits)), sizeof(fits));
    const uint8_t coils[] = {0, 1, 0, 0, 0, 8, 1, 15, 0, 0, 7, 208, 1, 1};
    assert_int_equal(registers_frame(coils, sizeof(coils)), -1);
}

static void writes_are_told_from_reads_and_named(void **state)
{
    (void)state;
    char what[64];
    const uint8_t read[] = {0, 1, 0, 0, 0, 6, 1, 4, 0, 0, 0, 1};
    assert_false(registers_is_write(read, sizeof(read), what, sizeof(what)));
    const uint8_t one[] = {0, 1, 0, 0, 0, 6, 1, 6, 0, 0, 1, 0xe0};
    assert_true(registers_is_write(one, sizeof(one), what, sizeof(what)));
    assert_string_equal(what, "hr0=480");
    const uint8_t many[] = {0, 1, 0, 0, 0, 9, 1, 16, 0, 0, 0, 1, 2, 1, 0xe0};
    assert_true(registers_is_write(many, sizeof(many), what, sizeof(what)));
    assert_string_equal(what, "hr0=480 (1 registers)");
    const uint8_t coil[] = {0, 1, 0, 0, 0, 6, 1, 5, 0, 0, 0, 0};
    assert_true(registers_is_write(coil, sizeof(coil), what, sizeof(what)));
    assert_string_equal(what, "coil0=0");
    const uint8_t strange[] = {0, 1, 0, 0, 0, 2, 1, 99};
    assert_true(registers_is_write(strange, sizeof(strange), what, sizeof(what)));
    assert_string_equal(what, "function 99");
}

static void registers_show_the_tank_and_bound_what_is_written(void **state)
{
    (void)state;
    struct tank tank;
    tank_init(&tank);
    modbus_mapping_t *map = modbus_mapping_new(
            REGISTERS_COILS, REGISTERS_DISCRETE, REGISTERS_HOLDING, REGISTERS_INPUT);
    assert_non_null(map);
    registers_publish(&tank, map);
    assert_int_equal(map->tab_registers[0], 250);
    assert_int_equal(map->tab_registers[1], 1);
    assert_int_equal(map->tab_input_registers[0], 250);
    assert_int_equal(map->tab_bits[0], 1);
    map->tab_registers[0] = 65535;
    map->tab_registers[1] = 7;
    map->tab_registers[2] = 4000;
    registers_take(&tank, map);
    assert_int_equal(tank.setpoint, TANK_HEIGHT_CM);
    assert_int_equal(tank.mode, 1);
    assert_int_equal(tank.manual, 1000);
    modbus_mapping_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
            cmocka_unit_test(the_controller_holds_its_set_point_for_a_day),
            cmocka_unit_test(the_same_commands_give_the_same_run),
            cmocka_unit_test(a_raised_set_point_passes_the_alarm_within_a_minute),
            cmocka_unit_test(what_overflows_is_what_flowed_in_and_did_not_leave),
            cmocka_unit_test(without_the_pump_the_tank_runs_dry_and_not_below),
            cmocka_unit_test(an_empty_list_admits_everyone_and_a_line_only_its_own),
            cmocka_unit_test(a_line_that_cannot_be_read_admits_nobody),
            cmocka_unit_test(frames_are_whole_partial_or_refused),
            cmocka_unit_test(a_count_that_does_not_fit_its_bytes_is_refused),
            cmocka_unit_test(writes_are_told_from_reads_and_named),
            cmocka_unit_test(registers_show_the_tank_and_bound_what_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
