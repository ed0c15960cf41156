package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.v1.Drain;
import io.grpc.Attributes;

/** A streaming call that can be told to end soon. */
interface DrainableCall {
    /** Of the connection it came over. */
    Attributes connection();

    /** Tells the client that the call is about to end. Only the first of its notices is told. Any thread. */
    void drain(Drain notice);

    /**
     * Ends the call, which has not ended in the time that it had. Its client is taken to come back: what a consumer holds
     * waits for it, as after a lost connection. Nothing where it has ended. Any thread.
     */
    void breakOff(BrokerException why);
}
