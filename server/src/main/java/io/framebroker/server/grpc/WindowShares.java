package io.framebroker.server.grpc;

import io.framebroker.server.broker.Window;
import java.util.ArrayList;
import java.util.List;

/**
 * Splits one window among brokers: each gets one frame and one byte, and the rest goes by how many of the call's streams
 * it has, or is even where none has any. Shares add up to the whole, or to one frame each where there are fewer frames than brokers.
 */
final class WindowShares {
    private WindowShares() {}

    /** @param streams how many each broker has */
    static List<Window> of(Window whole, List<Integer> streams) {
        int brokers = streams.size();
        int allStreams = streams.stream().mapToInt(Integer::intValue).sum();
        if (allStreams == 0) {
            return of(whole, streams.stream().map(none -> 1).toList());
        }
        long frames = Math.max(0, whole.maxFrames() - brokers);
        long bytes = Math.max(0, whole.maxBytes() - brokers);
        List<Window> shares = new ArrayList<>(brokers);
        int before = 0;
        for (int own : streams) {
            int through = before + own;
            // Differences of what is due up to here, so that what rounding takes from one the next one gets.
            shares.add(new Window(
                    (int) (1 + part(frames, through, allStreams) - part(frames, before, allStreams)),
                    1 + part(bytes, through, allStreams) - part(bytes, before, allStreams)));
            before = through;
        }
        return shares;
    }

    /** {@code whole * some / all}, which may not fit into a long on the way. */
    private static long part(long whole, int some, int all) {
        return whole / all * some + whole % all * some / all;
    }
}
