/*
 * sarif - lint's findings in the Static Analysis Results Interchange Format, 2.1.0 (OASIS), which
 * code hosts and editors show beside the lines.
 */
#ifndef FLEET_ORCHESTRATOR_SARIF_H
#define FLEET_ORCHESTRATOR_SARIF_H

#include "common/buffer.h"
#include "plans/lint/lint.h"

/* folder stands before the files' names. */
void sarif_write(const struct lint_finding *findings, size_t count, const char *folder,
                 struct buffer *out);

#endif
