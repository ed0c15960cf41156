/**
 * The gRPC edge: calls, status mapping and limits. Protobuf types end here.
 *
 * <p>Calls run on the transport's event loops, without an executor between. What a stream decides is gathered in the
 * call under the stream's lock and sent after it, by one thread at a time, as far as the transport is ready.
 */
package io.framebroker.server.grpc;
