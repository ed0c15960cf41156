package io.framebroker.loadgen.log;

import java.util.regex.Pattern;

/**
 * Where frames of a checked run come from: one start of one publisher, on one stream. With a sequence it names a frame for
 * good: {@code run/stream/publisher/epoch/sequence}.
 *
 * @param run name of the run, without slashes
 * @param stream may have slashes
 * @param publisher without slashes
 * @param epoch grows with each start of the publisher
 */
public record FrameSource(String run, String stream, String publisher, long epoch) {
    /** The broker takes frame ids of this length at most. */
    public static final int MOST_ID_CHARS = 128;

    private static final Pattern NAME = Pattern.compile("[^/\\s]+");
    private static final Pattern STREAM = Pattern.compile("\\S+");

    public FrameSource {
        if (!NAME.matcher(run).matches() || !NAME.matcher(publisher).matches()) {
            throw new IllegalArgumentException(
                    "run '" + run + "' and publisher '" + publisher + "' must be words without slashes");
        }
        if (!STREAM.matcher(stream).matches()) {
            throw new IllegalArgumentException("stream '" + stream + "' must be a word");
        }
    }

    /** Name of one of its frames. */
    public String frameId(long sequence) {
        return this + "/" + sequence;
    }

    /** One of its frames. */
    public record Frame(FrameSource source, long sequence) {}

    /** Reads what {@link #frameId} wrote; null when it is no id of a checked frame. */
    public static Frame parse(String frameId) {
        int sequence = frameId.lastIndexOf('/');
        int epoch = frameId.lastIndexOf('/', sequence - 1);
        int publisher = frameId.lastIndexOf('/', epoch - 1);
        int stream = frameId.indexOf('/');
        if (stream < 0 || publisher <= stream) {
            return null;
        }
        try {
            FrameSource source = new FrameSource(
                    frameId.substring(0, stream),
                    frameId.substring(stream + 1, publisher),
                    frameId.substring(publisher + 1, epoch),
                    Long.parseLong(frameId.substring(epoch + 1, sequence)));
            return new Frame(source, Long.parseLong(frameId.substring(sequence + 1)));
        } catch (IllegalArgumentException notOurs) {
            return null;
        }
    }

    @Override
    public String toString() {
        return run + "/" + stream + "/" + publisher + "/" + epoch;
    }
}
