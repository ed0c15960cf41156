package io.framebroker.server.store.redis;

import io.framebroker.server.broker.Frame;
import io.framebroker.server.broker.FrameContent;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import redis.clients.jedis.args.Rawable;

/**
 * The serialized frames of an entry, one behind the other, as one word of a command. {@link GatheringConnection} takes them
 * from where they lie.
 */
record FrameBytes(List<Frame> frames) implements Rawable {
    int length() {
        int length = 0;
        for (Frame frame : frames) {
            length += frame.bytes();
        }
        return length;
    }

    void writeTo(OutputStream out) throws IOException {
        for (Frame frame : frames) {
            FrameContent content = frame.content();
            out.write(content.array(), content.offset(), content.length());
        }
    }

    /** A copy; for those who want an array. */
    @Override
    public byte[] getRaw() {
        return EntryFormat.bytes(frames);
    }
}
