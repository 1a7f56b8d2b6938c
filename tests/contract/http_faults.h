/*
 * http_faults: the suite's faults of a far end that is asked by HTTP, for drivers on fake_http.h.
 */
#ifndef CAPRELAY_TESTS_CONTRACT_HTTP_FAULTS_H
#define CAPRELAY_TESTS_CONTRACT_HTTP_FAULTS_H

#include "tests/contract/suite.h"
#include "tests/support/fake_http.h"

static inline void contract_http_fault(struct world *world, enum contract_fault fault)
{
    static const enum http_failure failures[CONTRACT_FAULTS] = {
        [CONTRACT_REFUSED] = HTTP_FAILED_CONNECT,
        [CONTRACT_STALLED] = HTTP_FAILED_TIMEOUT,
        [CONTRACT_TLS] = HTTP_FAILED_TLS,
        [CONTRACT_DNS] = HTTP_FAILED_DNS};
    (void)world;
    fake_http_fail(failures[fault], fault == CONTRACT_SLOW ? 20 * SECOND : 0);
}

static inline int contract_http_attempts(struct world *world)
{
    (void)world;
    return fake_http.requests;
}

/* What drivers of sources that are polled over HTTP have in common. */
#define CONTRACT_POLLED                                                                            \
    .oversized_arrives = true, .remembers = true, .keeps = true, .fault = contract_http_fault,     \
    .attempts = contract_http_attempts,                                                            \
    .split_senseless = "pieces are put together by the http room"

#endif
