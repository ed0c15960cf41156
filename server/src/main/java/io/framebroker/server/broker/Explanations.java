package io.framebroker.server.broker;

import io.framebroker.server.broker.FrameEvent.What;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Tells the lives of a stream's frames. Where a frame has to be read back first, whoever asked waits for it, but not longer
 * than for anything else of the store's: then its life is told without what only the frame says. Guarded by the stream's
 * lock.
 */
final class Explanations {
    /** Most who wait at a time; beyond them, lives are told without the frames. */
    private static final int MOST_WAITING = 64;

    private final FrameStream stream;
    private final StreamStore store;
    private final Map<String, Group> groups;
    private final Waits waits;
    private final List<Asked> waiting = new ArrayList<>();

    /** @param groups the stream's own, by name */
    Explanations(FrameStream stream, Map<String, Group> groups, Waits waits) {
        this.stream = stream;
        this.store = stream.store();
        this.groups = groups;
        this.waits = waits;
    }

    /** Somebody who asked, and is answered once. */
    private final class Asked implements Outlet {
        private final FrameId id;
        private final Broker.Explained answer;
        private final Waits.Wait wait;
        /** Null while nothing is to be said. */
        private Runnable said;

        Asked(FrameId id, Broker.Explained answer) {
            this.id = id;
            this.answer = answer;
            this.wait = waits.begin(this::timeIsOver);
        }

        private void timeIsOver() {
            stream.turn().run(() -> {
                waiting.remove(this);
                say(null);
            });
            said.run();
        }

        /** @param frame null when it cannot be read */
        void say(Frame frame) {
            if (said != null) {
                return;
            }
            if (frame != null && frame.generation() != id.generation()) {
                fail(notFound(id, "; frame " + id.ordinal() + " is " + frame.id()));
                return;
            }
            List<FrameEvent> life = life(id.ordinal(), frame);
            said = () -> answer.explained(life);
        }

        void fail(BrokerException why) {
            said = said == null ? () -> answer.failed(why) : said;
        }

        @Override
        public void flush() {
            if (wait.end()) {
                said.run();
            }
        }
    }

    /** Tells the life of a frame, now or when it is read back. */
    void ask(FrameId id, Broker.Explained answer) {
        boolean isPossible = id.ordinal() >= 1 && id.generation() >= 1;
        if (!isPossible || id.ordinal() > stream.lastTaken() || id.generation() > stream.generation()) {
            throw notFound(id, "");
        }
        Asked asked = new Asked(id, answer);
        Frame frame = read(id.ordinal());
        if (frame == null && isStored(id.ordinal()) && waiting.size() < MOST_WAITING) {
            waiting.add(asked);
        } else {
            asked.say(frame);
            stream.turn().touch(asked);
        }
    }

    private BrokerException notFound(FrameId id, String more) {
        long first = store.firstOrdinal();
        long last = stream.lastTaken();
        String span = last < first
                ? (last == 0 ? "it never had one" : "it has none now; the last one was " + last)
                : "it has " + first + " through " + last;
        return new BrokerException(
                BrokerException.Kind.NOT_FOUND,
                "FRAME_NOT_FOUND",
                "stream " + stream.name() + " has no frame " + Long.toUnsignedString(id.generation()) + "-"
                        + Long.toUnsignedString(id.ordinal()) + ": " + span + ", of generations up to "
                        + stream.generation() + more);
    }

    /** Frames that could not be read may be here now. */
    void readable() {
        waiting.removeIf(asked -> {
            Frame frame = read(asked.id.ordinal());
            boolean isOver = frame != null || !isStored(asked.id.ordinal());
            if (isOver) {
                asked.say(frame);
                stream.turn().touch(asked);
            }
            return isOver;
        });
    }

    /** The stream is of no use any more. */
    void end(BrokerException why) {
        for (Asked asked : waiting) {
            asked.fail(why);
            stream.turn().touch(asked);
        }
        waiting.clear();
    }

    private boolean isStored(long ordinal) {
        return ordinal <= stream.storedThrough() && store.receivedMicros(ordinal) > 0;
    }

    private Frame read(long ordinal) {
        if (!isStored(ordinal)) {
            return null;
        }
        List<Frame> one = store.read(ordinal, ordinal, 1, Long.MAX_VALUE);
        return one.isEmpty() ? null : one.get(0);
    }

    private List<FrameEvent> life(long ordinal, Frame frame) {
        Diary diary = stream.diary();
        FrameLife life = new FrameLife(ordinal, diary.nowMicros());
        if (frame != null) {
            life.received(frame);
        }
        life.from(diary);
        if (isStored(ordinal)) {
            life.received(store.receivedMicros(ordinal), FrameLife.FROM_WHOM);
        }
        if (ordinal < store.firstOrdinal()) {
            life.gone(diary.gone().by(ordinal), diary.gone().notBefore(ordinal));
        } else if (ordinal > stream.storedThrough()) {
            life.now(What.APPENDING, "", "", 0, "on its way to the store");
        } else if (isStored(ordinal)) {
            life.now(What.RETAINED, "", "", 0, "in the store");
        } else {
            life.now(What.STORE_LOST, "", "", 0, "the store has confirmed it once, and does not have it any more");
        }
        for (Group group : groups.values()) {
            group.deadLetters().of(ordinal).ifPresent(letter -> life.deadLettered(group.name(), letter));
            group.diary().tell(ordinal, life);
            group.replays().tell(ordinal, life);
        }
        return life.events();
    }
}
