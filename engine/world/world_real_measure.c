/* world_real_measure.c - what a machine took until it was ready, remembered beside its image. */
#include "image/use.h"
#include "world/world_real.h"

void real_note_use(const struct real_machine *machine)
{
    const struct real_world *world = machine->world;
    struct image_use use = {.memory_mib = machine->plan->host->memory_mib};
    if (image_use_of_process(virt_pid(world->virt, machine->plan->domain), &use)) {
        image_use_note(machine->image, world->accel == VIRT_ACCEL_TCG ? "tcg" : "kvm", &use);
    }
}
