package io.framebroker.server.broker;

import java.util.ArrayList;
import java.util.List;

/** Deletes streams, and notes how that is answered. */
public final class Deleted implements Broker.Deleted {
    private final List<String> heard = new ArrayList<>();
    private long frames = -1;

    /** Deletes a stream whose store answers at once. Returns how many frames it had. */
    public static long stream(Broker broker, String name, boolean force) {
        Deleted answer = new Deleted();
        broker.deleteStream(name, force, answer);
        return answer.frames;
    }

    List<String> heard() {
        return heard;
    }

    @Override
    public void deleted(long had) {
        frames = had;
        heard.add("deleted " + had);
    }

    @Override
    public void failed(BrokerException why) {
        heard.add("failed " + why.reason());
    }
}
