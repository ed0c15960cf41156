/** OpenTelemetry behind the core's {@code FrameTraces}. Not loaded unless spans are wanted. */
package io.framebroker.server.telemetry;
