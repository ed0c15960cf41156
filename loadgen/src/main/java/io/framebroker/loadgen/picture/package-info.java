/** What was measured, drawn. */
package io.framebroker.loadgen.picture;
