/* SPDX-License-Identifier: Apache-2.0 */
/* proxy.h - stands between a client and a server, and cuts. */
#ifndef WEIR_TESTS_PROXY_H
#define WEIR_TESTS_PROXY_H

#include <stdbool.h>
#include <stdint.h>

typedef struct proxy proxy;

/* Forwards to `port` of this machine, by a thread of its own. */
proxy *proxy_new(int port);
void proxy_free(proxy *p);
int proxy_port(const proxy *p);

/* At the n-th piece from now on, whoever sends it, all connections are cut: before it goes on, or
 * behind it. For `outage_ms` from then on there is no server. With `n` 0 none is cut, and an outage
 * is over. */
void proxy_cut_at(proxy *p, int n, bool behind, int outage_ms);
bool proxy_has_cut(proxy *p); /* since then */

#endif
