/* fleet-agent - serves the targets of a database host; see docs/man/fleet-agent.8.scd. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "agents/daemon/agent.h"
#include "agents/daemon/thrift.h"

#define DEFAULT_CONFIGURATION "/etc/fleet/agent.ini"

enum { EXIT_DONE = 0, EXIT_USAGE = 2 };

static const char usage[] =
    "usage: fleet-agent [--config FILE] [run|check]\n"
    "\n"
    "  run              serve until SIGTERM (the default)\n"
    "  check            check FILE and the certificate, log in to each target, and end\n"
    "\n"
    "  -c, --config FILE  the configuration; " DEFAULT_CONFIGURATION " if not given\n"
    "  -V, --version      print the version and end\n"
    "  -h, --help         print this and end\n"
    "\n"
    "SIGTERM drains: what runs goes on to its end. SIGHUP reads certificates and keys again.\n";

static const struct option options[] = {
    {"config", required_argument, NULL, 'c'},
    {"version", no_argument, NULL, 'V'},
    {"help", no_argument, NULL, 'h'},
    {0},
};

static const struct command {
    const char *name;
    bool (*run)(const struct agent_configuration *configuration, struct error *err);
} commands[] = {{"run", agent_run}, {"check", agent_check}};

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < COUNT_OF(commands); i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

static int report(const struct error *err)
{
    fprintf(stderr, "fleet-agent: %s\n", err->message);
    return error_exit_status(err->code);
}

static int report_faults(const struct diagnostics *faults)
{
    for (size_t i = 0; i < diagnostics_count(faults); i++) {
        AUTO_BUFFER struct buffer text = {0};

        error_describe(diagnostics_at(faults, i), &text);
        fprintf(stderr, "%s\n", buffer_text(&text));
    }
    return EXIT_USAGE;
}

static int run(const struct command *command, const char *path)
{
    AUTO(diagnostics) struct diagnostics *faults = diagnostics_new();
    struct error err = {0};

    thrift_begin();
    AUTO(agent_configuration)
    const struct agent_configuration *configuration = agent_configuration_load(path, faults);
    if (configuration == NULL)
        return report_faults(faults);
    log_configure(configuration->log_level, configuration->log_json);
    return command->run(configuration, &err) ? EXIT_DONE : report(&err);
}

int main(int argc, char **argv)
{
    const char *path = DEFAULT_CONFIGURATION;
    int option;

    while ((option = getopt_long(argc, argv, "c:Vh", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'V':
            puts("fleet-agent " FLEET_VERSION);
            return EXIT_DONE;
        case 'h':
            fputs(usage, stdout);
            return EXIT_DONE;
        default:
            fputs(usage, stderr);
            return EXIT_USAGE;
        }
    }
    const struct command *command = find_command(optind < argc ? argv[optind] : "run");
    if (command == NULL || argc - optind > 1) {
        fputs(usage, stderr);
        return EXIT_USAGE;
    }
    return run(command, path);
}
