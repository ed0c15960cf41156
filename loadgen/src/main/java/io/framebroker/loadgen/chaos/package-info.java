/**
 * Runs with real processes under seeded faults, judged by the logs that publishers, consumers and the nemesis leave. A scenario says
 * who takes part, which fault a round has and what the run must have had; the rest is the same for all.
 */
package io.framebroker.loadgen.chaos;
