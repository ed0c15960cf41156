/** A long run, second by second: written down, judged and drawn. */
package io.framebroker.loadgen.soak;
