/*
 * report - rows with named columns, printed as an aligned table, JSON, CSV (RFC 4180) or a page.
 *
 * Commands fill one report; the form is the reader's choice. Values are text from anywhere: a table
 * escapes what could steer a terminal, JSON and CSV carry it as it is.
 */
#ifndef FLEET_ORCHESTRATOR_REPORT_H
#define FLEET_ORCHESTRATOR_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "common/error.h"
#include "orchestrator/terminal.h"

enum report_form { REPORT_TABLE, REPORT_JSON, REPORT_CSV, REPORT_HTML };

/* "table", "json", "csv", "html"; NULL is table. ERROR_USAGE otherwise. */
bool report_form_from_name(const char *name, enum report_form *form, struct error *err) MUST_USE;

struct report_column {
    const char *key;   /* of JSON and CSV: "started_at" */
    const char *title; /* of the table: "STARTED" */
    bool is_number;    /* right-aligned; a JSON number */
    bool only_data;    /* JSON and CSV only */
};

struct report;

/* columns must outlive the report. */
struct report *report_new(const struct report_column *columns, size_t count) MUST_USE;
void report_free(struct report *report);
AUTO_DEFINE(report)

/* Begins a row; then one cell for each column in order. */
void report_row(struct report *report);
void report_text(struct report *report, const char *text, enum style style); /* NULL: no value */
void report_number(struct report *report, int64_t number);

size_t report_row_count(const struct report *report);

/* Prints all rows; name is the key of the array in JSON: {"format":1,"targets":[…]}. */
void report_print(const struct report *report, const char *name, enum report_form form,
                  const struct terminal *terminal);

#endif
