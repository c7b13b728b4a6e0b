/* thrift - gives memory back to the system that an idle agent does not need. */
#ifndef FLEET_AGENTS_DAEMON_THRIFT_H
#define FLEET_AGENTS_DAEMON_THRIFT_H

/* Before the first thread and the first use of OpenSSL: few heaps, no openssl.cnf. */
void thrift_begin(void);

/* Returns free heap, and drops the mappings of code and constants that start-up touched once: the
   database clients and TLS are megabytes of which a waiting agent uses little. What is needed
   again comes back from the page cache. From any thread. */
void thrift_let_go(void);

#endif
