package io.framebroker.loadgen.targets;

import io.framebroker.loadgen.check.Inbox;
import io.framebroker.loadgen.load.FramePool;
import io.framebroker.loadgen.load.StreamLimits;
import io.framebroker.loadgen.load.Workload;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import redis.clients.jedis.CommandArguments;
import redis.clients.jedis.Protocol.Command;
import redis.clients.jedis.exceptions.JedisDataException;
import redis.clients.jedis.exceptions.JedisException;

/** Plain Redis Streams: a stream for each camera, a consumer group for each group, no broker. */
final class RedisLink implements Link {
    private final String url;
    private final Target target;
    private final Workload workload;
    private final StreamLimits limits;

    /** By group. Changed and read by one thread. */
    private final Map<Integer, List<RedisReader>> readers = new TreeMap<>();

    RedisLink(Target target, String url, Workload workload, StreamLimits limits) {
        this.target = target;
        this.url = url;
        this.workload = workload;
        this.limits = limits;
    }

    @Override
    public FrameSink publisher(FramePool pool) {
        return new RedisSink(url, target, workload, limits, pool);
    }

    @Override
    public void consumer(int group, int member, Supplier<Inbox> inboxes) {
        if (!readers.containsKey(group)) {
            readers.put(group, new ArrayList<>());
            createGroup(SettledPositions.group(group));
        }
        RedisReader reader = new RedisReader(url, target, workload, group, member, inboxes.get());
        readers.get(group).add(reader);
        Thread thread = new Thread(reader, "redis-g" + group + "-c" + member);
        thread.setDaemon(true);
        thread.start();
    }

    private void createGroup(String name) {
        try (RedisConnection connection = RedisConnection.open(url)) {
            for (int camera = 0; camera < workload.cameras(); camera++) {
                connection.executeCommand(new CommandArguments(Command.XGROUP)
                        .add("CREATE")
                        .add(workload.stream(camera))
                        .add(name)
                        .add("0")
                        .add("MKSTREAM"));
            }
        } catch (JedisDataException e) {
            throw new TargetException("group " + name + ": " + e.getMessage(), e);
        }
    }

    @Override
    public long settled(int group) {
        return readers.get(group).stream().mapToLong(RedisReader::settled).sum();
    }

    @Override
    public String failure() {
        for (List<RedisReader> members : readers.values()) {
            for (RedisReader reader : members) {
                if (reader.failure() != null) {
                    return reader.failure();
                }
            }
        }
        return null;
    }

    /** The consumers' side is closed last, and takes the run's streams with it. */
    @Override
    public void close() {
        readers.values().forEach(members -> members.forEach(RedisReader::close));
        if (!readers.isEmpty()) {
            deleteStreams();
        }
    }

    private void deleteStreams() {
        try (RedisConnection connection = RedisConnection.open(url)) {
            CommandArguments unlink = new CommandArguments(Command.UNLINK);
            for (int camera = 0; camera < workload.cameras(); camera++) {
                unlink.add(workload.stream(camera));
            }
            connection.executeCommand(unlink);
        } catch (JedisException | TargetException e) {
            System.err.println("streams of this run may stay in Redis: " + e.getMessage());
        }
    }
}
