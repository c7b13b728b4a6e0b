/* fleet - plans and applies one schema on many databases. */
#include "orchestrator/command.h"

int main(int argc, char **argv)
{
    return command_main(argc > 1 ? (size_t)(argc - 1) : 0, (const char *const *)(argv + 1));
}
