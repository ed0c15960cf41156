package io.framebroker.server.broker;

/** What a consumer gets of its streams. */
public sealed interface Mode {
    Mode QUEUE = new Queue();

    /** Most frames of each stream in a second; 0 for all. */
    double maxFps();

    /** Every frame once among the members of the group. */
    record Queue() implements Mode {
        @Override
        public double maxFps() {
            return 0;
        }
    }

    /**
     * The newest frame of each stream, whenever the consumer has room for it.
     *
     * @param maxFps most frames of each stream in a second; 0 for all
     */
    record Latest(double maxFps) implements Mode {
        public Latest {
            Pace.check(maxFps);
        }
    }

    /**
     * What is retained, in order.
     *
     * @param until where it ends, in front of this place; null for behind the frame that is newest as it begins
     * @param follow whether it does not end, but goes on with the present
     * @param maxFps most frames of each stream in a second; 0 for all
     */
    record Replay(StartPosition until, boolean follow, double maxFps) implements Mode {
        public Replay {
            Pace.check(maxFps);
            if (follow && until != null) {
                throw BrokerException.invalid("open.until", "set, and so is open.follow; leave one of them out");
            }
        }
    }
}
