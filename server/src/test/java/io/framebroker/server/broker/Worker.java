package io.framebroker.server.broker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A consumer's call, and what it has in hand. */
final class Worker implements ConsumerPort {
    /** How it joins. */
    static final class Opening {
        private final Conversation conversation;
        private final String id;
        private List<String> streams = List.of("cam");
        private String group = "";
        private Window window = new Window(100, 0);
        private AskedSettings settings = AskedSettings.ANY;
        private StartPosition start = new StartPosition.Earliest();
        private boolean autoAck;
        private long limit;
        private List<Consumer.Held> held = List.of();
        private Mode mode = Mode.QUEUE;

        Opening(Conversation conversation, String id) {
            this.conversation = conversation;
            this.id = id;
        }

        Opening of(String durableGroup) {
            group = durableGroup;
            return this;
        }

        Opening takes(String... names) {
            streams = List.of(names);
            return this;
        }

        Opening window(int frames) {
            return window(frames, 0);
        }

        Opening window(int frames, long bytes) {
            window = new Window(frames, bytes);
            return this;
        }

        Opening window(Window asked) {
            window = asked;
            return this;
        }

        Opening lease(long millis) {
            return asks(new AskedSettings(
                    millis, settings.maxAgeMillis(), settings.maxAttempts(), settings.order(), settings.early()));
        }

        Opening attempts(int most) {
            return asks(new AskedSettings(
                    settings.leaseMillis(), settings.maxAgeMillis(), most, settings.order(), settings.early()));
        }

        Opening early() {
            return asks(new AskedSettings(
                    settings.leaseMillis(), settings.maxAgeMillis(), settings.maxAttempts(), settings.order(), true));
        }

        Opening asks(AskedSettings asked) {
            settings = asked;
            return this;
        }

        Opening from(StartPosition position) {
            start = position;
            return this;
        }

        Opening autoAck() {
            autoAck = true;
            return this;
        }

        Opening limit(long frames) {
            limit = frames;
            return this;
        }

        Opening holds(Consumer.Held... runs) {
            held = List.of(runs);
            return this;
        }

        Opening latest(double maxFps) {
            mode = new Mode.Latest(maxFps);
            return this;
        }

        Opening replay() {
            mode = new Mode.Replay(null, false, 0);
            return this;
        }

        Opening replay(StartPosition until, boolean follow, double maxFps) {
            mode = new Mode.Replay(until, follow, maxFps);
            return this;
        }

        Worker joins() {
            Worker worker = joinsWithoutPumping();
            worker.consumer.pump();
            return worker;
        }

        Worker joinsWithoutPumping() {
            Worker worker = new Worker();
            worker.consumer = conversation
                    .broker()
                    .openConsumer(
                            new Consumer.Options(
                                    streams, group, id, window, settings, start, autoAck, limit, held, mode),
                            worker);
            conversation.met(worker);
            return worker;
        }
    }

    private record Given(String stream, Token token) {}

    private final ArrayDeque<Given> given = new ArrayDeque<>();
    private final Map<String, Long> bytes = new TreeMap<>();
    private final List<String> heard = new ArrayList<>();
    private final List<String> noted = new ArrayList<>();
    private final List<String> deliveries = new ArrayList<>();
    private final Map<String, TreeMap<Long, Token>> tokens = new TreeMap<>();
    private Consumer consumer;
    private long missed;
    private boolean ready = true;
    private String lastMessage = "";
    private boolean over;
    private boolean closed;

    Consumer call() {
        return consumer;
    }

    Token token(long ordinal) {
        return tokenOn("cam", ordinal);
    }

    Token tokenOn(String stream, long ordinal) {
        return tokens.get(stream).get(ordinal);
    }

    /** The latest tokens of the frames it was ever given of a stream. */
    Collection<Token> tokens(String stream) {
        return tokens.getOrDefault(stream, new TreeMap<>()).values();
    }

    void acks(long... ordinals) {
        settles(Verdict.ACK, ordinals);
    }

    void skips(long... ordinals) {
        settles(new Verdict.Skip("NOT_WANTED"), ordinals);
    }

    void releases(long... ordinals) {
        settles(new Verdict.Release(), ordinals);
    }

    void nacks(long afterMillis, long... ordinals) {
        settles(new Verdict.Retry(afterMillis), ordinals);
    }

    void givesUp(String error, long... ordinals) {
        settles(new Verdict.GiveUp(error), ordinals);
    }

    void settles(Verdict verdict, long... ordinals) {
        for (long ordinal : ordinals) {
            consumer.settle("cam", token(ordinal), 1, verdict);
        }
        consumer.pump();
    }

    /** A run of deliveries in one settlement. */
    void settlesRun(String stream, Token first, int count, Verdict verdict) {
        consumer.settle(stream, first, count, verdict);
        consumer.pump();
    }

    void acksOn(String stream, long... ordinals) {
        for (long ordinal : ordinals) {
            consumer.settle(stream, tokens.get(stream).get(ordinal), 1, Verdict.ACK);
        }
        consumer.pump();
    }

    /** Settles the frame it was given first of those it has not settled this way. */
    void acksNext() {
        Given next = given.poll();
        consumer.settle(next.stream, next.token, 1, Verdict.ACK);
        consumer.pump();
    }

    /** Bytes it was given of a stream. */
    long bytesOf(String stream) {
        return bytes.getOrDefault(stream, 0L);
    }

    void extendsLeaseOf(long... ordinals) {
        for (long ordinal : ordinals) {
            consumer.extend("cam", token(ordinal), 1);
        }
    }

    void isReady(boolean now) {
        ready = now;
        if (now) {
            consumer.pump();
        }
    }

    void leaves() {
        closed = true;
        consumer.close();
    }

    /** It says nothing more, and hears what it is owed. */
    void finishes() {
        consumer.finish();
    }

    void losesItsConnection() {
        closed = true;
        consumer.lost();
    }

    /** Exactly these, of stream cam, first attempts, in this order, since it was last asked. */
    void receives(long... ordinals) {
        expect("cam", 1, ordinals);
    }

    void receivesAgain(int attempt, long... ordinals) {
        expect("cam", attempt, ordinals);
    }

    void receivesOn(String stream, long... ordinals) {
        expect(stream, 1, ordinals);
    }

    /** Exactly these, as "stream ordinal" or "stream ordinal, attempt n", in this order, since it was last asked. */
    void receivesInAll(String... lines) {
        assertThat(deliveries).containsExactly(lines);
        deliveries.clear();
    }

    void receivesNothing() {
        expect("cam", 1);
    }

    private void expect(String stream, int attempt, long... ordinals) {
        assertThat(deliveries)
                .containsExactlyElementsOf(Arrays.stream(ordinals)
                        .mapToObj(ordinal -> line(stream, ordinal, attempt))
                        .toList());
        deliveries.clear();
    }

    private static String line(String stream, long ordinal, int attempt) {
        return stream + " " + ordinal + (attempt == 1 ? "" : ", attempt " + attempt);
    }

    /** What it received since it was last asked; for those who care about how many only. */
    int takesStock() {
        int count = deliveries.size();
        deliveries.clear();
        return count;
    }

    /** Ordinals of what it received of stream cam since it was last asked, all of them first attempts. */
    List<Long> takesOrdinals() {
        List<Long> ordinals = deliveries.stream()
                .map(line -> Long.valueOf(line.substring("cam ".length())))
                .toList();
        deliveries.clear();
        return ordinals;
    }

    /** Ordinals of what it received of stream cam since it was last asked, whatever the attempts. */
    List<Long> takesOrdinalsOfAllAttempts() {
        List<Long> ordinals = deliveries.stream()
                .map(line -> Long.valueOf(line.substring("cam ".length()).replaceFirst(",.*", "")))
                .toList();
        deliveries.clear();
        return ordinals;
    }

    /** Exactly this, in this order, since it was last asked; deliveries are not told here. */
    void hears(String... expected) {
        assertThat(heard).containsExactly(expected);
        heard.clear();
    }

    void hearsNothing() {
        hears();
    }

    /** What was said beside the last result. */
    String lastMessage() {
        return lastMessage;
    }

    /** What it heard since it was last asked. */
    List<String> takesHeard() {
        List<String> taken = List.copyOf(heard);
        heard.clear();
        return taken;
    }

    void forgetsWhatItHeard() {
        heard.clear();
    }

    /** Frames of all gaps it was told of. */
    long missed() {
        return missed;
    }

    void hasOutstanding(int frames) {
        assertThat(consumer.window().outstandingFrames()).isEqualTo(frames);
    }

    boolean isOver() {
        return over || closed;
    }

    @Override
    public boolean ready() {
        return ready;
    }

    @Override
    public void deliver(String stream, List<Frame> frames, int attempt, long leaseMillis) {
        for (Frame frame : frames) {
            note("+" + line(stream, frame.ordinal(), attempt));
            given.add(new Given(stream, new Token(frame.generation(), frame.ordinal(), attempt)));
            bytes.merge(stream, (long) frame.bytes(), Long::sum);
            tokens.computeIfAbsent(stream, absent -> new TreeMap<>())
                    .put(frame.ordinal(), new Token(frame.generation(), frame.ordinal(), attempt));
        }
    }

    @Override
    public void settled(SettleResult result) {
        long last = result.token().ordinal() + result.count() - 1;
        noted.add(result.token() + (result.count() == 1 ? "" : " through " + last) + " " + result.outcome());
        lastMessage = result.message();
    }

    @Override
    public void gap(
            String stream, String reason, long count, boolean estimated, FrameId first, FrameId last, String detail) {
        missed += count;
        noted.add("gap of " + count + " " + reason
                + (first == null ? "" : ": " + first + " through " + last)
                + (detail.isEmpty() ? "" : " " + detail));
    }

    @Override
    public void added(String stream) {
        noted.add("added: " + stream);
    }

    @Override
    public void removed(String stream) {
        noted.add("removed: " + stream);
    }

    @Override
    public void leftOut(int streams, String why) {
        noted.add("left out: " + streams + ", " + why);
    }

    @Override
    public void finished() {
        note("finished");
        over = true;
    }

    @Override
    public void ended(BrokerException why) {
        note("ended: " + why.reason());
        over = true;
    }

    private void note(String line) {
        assertThat(over).as("told after its end: " + line).isFalse();
        noted.add(line);
    }

    @Override
    public void flush() {
        for (String line : List.copyOf(noted)) {
            if (line.startsWith("+")) {
                deliveries.add(line.substring(1));
            } else {
                heard.add(line);
            }
        }
        noted.clear();
        if (over && !closed) {
            closed = true;
            consumer.close();
        }
    }
}
