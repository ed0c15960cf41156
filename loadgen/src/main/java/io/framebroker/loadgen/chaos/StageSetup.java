package io.framebroker.loadgen.chaos;

import io.framebroker.client.WhenFull;
import io.framebroker.loadgen.role.Jvm;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Who takes part in a run, and how. A scenario changes what it must.
 *
 * @param run names the run in streams and frames
 * @param seed of payloads and faults
 * @param logs folder of the run
 * @param redis null for none
 * @param proxied whether publishers and consumers reach the broker through a {@link FaultProxy}
 * @param workerJvm of publishers and consumers
 */
public record StageSetup(
        String run,
        long seed,
        Path logs,
        Load load,
        Habits habits,
        BrokerSetup broker,
        RedisSetup redis,
        boolean proxied,
        Jvm workerJvm) {
    /**
     * @param streams each with a publisher of its own
     * @param groups each of which gets every frame of every stream
     * @param consumers members of a group
     * @param frameBytes largest payload
     * @param framesPerSecond of each publisher
     */
    public record Load(int streams, int groups, int consumers, int frameBytes, double framesPerSecond) {
        public Load {
            require(streams, 1, 100, "--streams");
            require(groups, 1, 100, "--groups");
            require(consumers, 1, 100, "--consumers");
            require(frameBytes, 2, 32 << 20, "--frame-bytes");
            if (!(framesPerSecond > 0 && framesPerSecond <= 1_000_000)) {
                throw new IllegalArgumentException(
                        "--rate is " + framesPerSecond + "; it must be above 0, and 1000000 at most");
            }
        }

        private static void require(int value, int min, int max, String option) {
            if (value < min || value > max) {
                throw new IllegalArgumentException(option + " is " + value + "; it must be " + min + " to " + max);
            }
        }
    }

    /**
     * How publishers and consumers go about their work.
     *
     * @param whenFull what a publisher does when {@code ring} frames wait for their outcome
     * @param window frames a consumer may hold unsettled
     * @param lease of the groups
     * @param work how long a consumer takes for a frame
     * @param nackEvery of so many frames, a consumer gives one back when it comes first; 0 for none
     * @param poisonEvery of so many frames, one is given back each time, until it is a dead letter; 0 for none
     * @param early whether every other group, the first included, gets frames before they are stored
     */
    public record Habits(
            WhenFull whenFull,
            int ring,
            int window,
            Duration lease,
            Duration work,
            int nackEvery,
            int poisonEvery,
            boolean early) {
        public static final Habits DEFAULT =
                new Habits(WhenFull.BLOCK, 1024, 64, Duration.ofSeconds(30), Duration.ZERO, 997, 0, false);

        Habits withRing(WhenFull when, int frames) {
            return new Habits(when, frames, window, lease, work, nackEvery, poisonEvery, early);
        }

        Habits withLease(Duration changed) {
            return new Habits(whenFull, ring, window, changed, work, nackEvery, poisonEvery, early);
        }

        Habits withWork(Duration changed) {
            return new Habits(whenFull, ring, window, lease, changed, nackEvery, poisonEvery, early);
        }

        Habits givingBack(int ofFrames, int eachTimeOfFrames) {
            return new Habits(whenFull, ring, window, lease, work, ofFrames, eachTimeOfFrames, early);
        }

        Habits withEarly() {
            return new Habits(whenFull, ring, window, lease, work, nackEvery, poisonEvery, true);
        }
    }

    /**
     * @param command what starts a broker, without arguments
     * @param arguments {@code {redis-port}} stands for the port of the run's Redis; see also {@link Stage#let}
     * @param count brokers, all alike
     * @param address of a broker that runs already; null to start them
     */
    public record BrokerSetup(List<String> command, List<String> arguments, int count, String address) {}

    /** @param arguments beside those for port and folder */
    public record RedisSetup(String program, List<String> arguments) {}

    public StageSetup withHabits(Habits other) {
        return new StageSetup(run, seed, logs, load, other, broker, redis, proxied, workerJvm);
    }

    public StageSetup withLoad(Load other) {
        return new StageSetup(run, seed, logs, other, habits, broker, redis, proxied, workerJvm);
    }

    public StageSetup withBrokerCommand(List<String> command) {
        BrokerSetup other = new BrokerSetup(command, broker.arguments, broker.count, broker.address);
        return new StageSetup(run, seed, logs, load, habits, other, redis, proxied, workerJvm);
    }

    public StageSetup withBrokers(int count) {
        BrokerSetup more = new BrokerSetup(broker.command, broker.arguments, count, broker.address);
        return new StageSetup(run, seed, logs, load, habits, more, redis, proxied, workerJvm);
    }

    /** These, and behind them those that were there already, which win. */
    public StageSetup withBrokerArguments(List<String> arguments) {
        List<String> all = new ArrayList<>(arguments);
        all.addAll(broker.arguments);
        BrokerSetup more = new BrokerSetup(broker.command, List.copyOf(all), broker.count, broker.address);
        return new StageSetup(run, seed, logs, load, habits, more, redis, proxied, workerJvm);
    }

    public StageSetup withRedis(RedisSetup other) {
        return new StageSetup(run, seed, logs, load, habits, broker, other, proxied, workerJvm);
    }

    public StageSetup withProxy() {
        return new StageSetup(run, seed, logs, load, habits, broker, redis, true, workerJvm);
    }

    public String stream(int number) {
        return "chaos/" + run + "/cam-" + number;
    }
}
