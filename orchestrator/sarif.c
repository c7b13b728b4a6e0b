#include "orchestrator/sarif.h"

#include "common/json.h"
#include "common/memory.h"

static json_t *text_object(const char *key, const char *text)
{
    json_t *object = json_object();

    json_put(object, key, json_text(text));
    return object;
}

static const char *level_of(enum lint_severity severity)
{
    return severity == LINT_OFF ? "note" : lint_severity_name(severity);
}

static json_t *rules_of(void)
{
    json_t *rules = json_array();

    for (size_t i = 0; i < lint_rule_count; i++) {
        json_t *rule = json_object();

        json_put(rule, "id", json_text(lint_rules[i].id));
        json_put(rule, "shortDescription", text_object("text", lint_rules[i].hazard));
        json_put(rule, "help", text_object("text", lint_rules[i].safer));
        json_put(rule, "defaultConfiguration",
                 text_object("level", level_of(lint_rules[i].severity)));
        json_add(rules, rule);
    }
    return rules;
}

static json_t *location_of(const struct lint_finding *finding, const char *folder)
{
    AUTO(text) char *path = xasprintf("%s/%s", folder, finding->file);
    json_t *location = json_object();
    json_t *physical = json_object();
    json_t *region = json_object();
    json_t *locations = json_array();

    json_put(region, "startLine", json_integer(finding->line > 0 ? finding->line : 1));
    json_put(physical, "artifactLocation", text_object("uri", path));
    json_put(physical, "region", region);
    json_put(location, "physicalLocation", physical);
    json_add(locations, location);
    return locations;
}

static json_t *suppressions_of(const struct lint_finding *finding)
{
    json_t *suppression = text_object("kind", "inSource");
    json_t *suppressions = json_array();

    json_put(suppression, "justification", json_text(finding->reason));
    json_add(suppressions, suppression);
    return suppressions;
}

static json_t *result_of(const struct lint_finding *finding, const char *folder)
{
    AUTO(text) char *message = xasprintf("%s. Safer: %s", finding->hazard, finding->safer);
    json_t *result = json_object();

    json_put(result, "ruleId", json_text(finding->rule));
    json_put(result, "level", json_text(level_of(finding->severity)));
    json_put(result, "message", text_object("text", message));
    json_put(result, "locations", location_of(finding, folder));
    if (finding->reason != NULL)
        json_put(result, "suppressions", suppressions_of(finding));
    return result;
}

void sarif_write(const struct lint_finding *findings, size_t count, const char *folder,
                 struct buffer *out)
{
    AUTO(json) json_t *log = json_object();
    json_t *driver = json_object(), *run = json_object(), *tool = json_object();
    json_t *runs = json_array(), *results = json_array();

    json_put(driver, "name", json_text("fleet lint"));
    json_put(driver, "version", json_text(FLEET_VERSION));
    json_put(driver, "rules", rules_of());
    json_put(tool, "driver", driver);
    for (size_t i = 0; i < count; i++)
        json_add(results, result_of(&findings[i], folder));
    json_put(run, "tool", tool);
    json_put(run, "results", results);
    json_add(runs, run);
    json_put(log, "$schema", json_text("https://json.schemastore.org/sarif-2.1.0.json"));
    json_put(log, "version", json_text("2.1.0"));
    json_put(log, "runs", runs);
    json_write_pretty(log, out);
}
