/** How the broker behaves as one thing grows: a step for each size, a rig for each step. */
package io.framebroker.loadgen.scale;
