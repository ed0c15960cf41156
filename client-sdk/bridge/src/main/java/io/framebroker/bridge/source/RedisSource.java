package io.framebroker.bridge.source;

import static io.framebroker.bridge.source.SourceKeys.bytes;
import static io.framebroker.bridge.source.SourceKeys.number;
import static io.framebroker.bridge.source.SourceKeys.text;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import redis.clients.jedis.Protocol;

/**
 * A Redis Stream, read through one consumer group by one bridge at a time.
 *
 * <p>Who reads is the owner of the source, for as long as its lease lasts; reading prolongs it. Whoever has lost the source
 * gets nothing more from it: reading and owning are checked in one step. That, and that a new owner first takes everything
 * that is pending, is what makes each bridge that publishes an entry have every earlier unsettled one in hand.
 *
 * <p>State beside the stream, in {@code <source>:bridge:<group>}: the epoch, the last id read, what was read and missed, and
 * losses the broker has to be told of. The owner is in {@code <source>:bridge:<group>:owner}.
 *
 * <p>One thread. A verb that throws {@link TryAgainException} may have been carried out all the same; each may be said again.
 */
public final class RedisSource implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(RedisSource.class);

    private static final Script ACQUIRE = Script.open("acquire");
    private static final Script RELEASE = Script.open("release");
    private static final Script GONE = Script.open("gone");
    private static final Script SET_ASIDE = Script.open("set_aside");
    private static final Script SETTLE = Script.open("settle");
    private static final Script CREATE_GROUP = Script.fenced("create_group");
    private static final Script NOTE = Script.fenced("note");
    private static final Script TAKE_OVER = Script.fenced("take_over");
    private static final Script ACCOUNT = Script.fenced("account");

    /**
     * What of the source is read, and as whom.
     *
     * @param leaseMillis how long a silent owner keeps others out
     * @param epoch under which ids are read once
     * @param deleteSettled whether entries leave the source when they are settled
     * @param mostSetAside entries the side stream keeps; 0 for all
     */
    public record Settings(
            String source,
            String group,
            String consumer,
            long leaseMillis,
            long epoch,
            boolean deleteSettled,
            long mostSetAside) {}

    private final Settings settings;
    private final RedisConnection redis;
    private final SourceKeys keys;
    private final Steps steps;

    public RedisSource(RedisAddress address, Settings settings) {
        this.settings = settings;
        this.redis = new RedisConnection(address);
        this.keys = new SourceKeys(settings.source(), settings.group(), settings.consumer());
        this.steps = new Steps(redis, keys, settings.leaseMillis(), toString());
    }

    public void connect() throws TryAgainException {
        redis.open();
    }

    public boolean isConnected() {
        return redis.isOpen();
    }

    public void disconnect() {
        redis.close();
    }

    // ---- coming and going

    /**
     * Creates the group unless it is there, and the stream with it.
     *
     * @param fromBeginning whether it gets the entries that are there, or only those to come
     * @return whether it was created
     */
    public boolean createGroup(boolean fromBeginning) throws TryAgainException, GroupGoneException {
        return 1 == number(steps.runOwned(CREATE_GROUP, bytes(fromBeginning ? "0" : "$")));
    }

    /**
     * Asks for the source.
     *
     * @param succeed whether to follow an owner of the same consumer name at once, as after a restart; it is shut out then
     * @throws GiveUpException when ids would come a second time, or the epoch is one of the past
     */
    public Ownership acquire(boolean succeed) throws TryAgainException {
        List<?> reply = (List<?>) steps.run(
                ACQUIRE,
                List.of(keys.owner, keys.state),
                keys.token,
                bytes(settings.leaseMillis()),
                bytes(succeed ? "succeed" : "keep"),
                bytes(settings.epoch()));
        int verdict = (int) number(reply.get(0));
        if (verdict < 0) {
            throw new GiveUpException(
                    this + " was read under epoch " + text(reply.get(1)) + " before, now " + settings.epoch()
                            + ": an epoch never gets smaller",
                    null);
        }
        if (verdict == 0) {
            return new Ownership(false, SourceKeys.consumerOf(text(reply.get(1))), number(reply.get(2)), EntryId.ZERO);
        }
        String last = text(reply.get(1));
        if (!text(reply.get(2)).isEmpty()) {
            throw setBack(text(reply.get(2)), last);
        }
        return new Ownership(true, settings.consumer(), 0, last.isEmpty() ? EntryId.ZERO : EntryId.parse(last));
    }

    /** Makes everything that is pending the reader's own, whoever it was delivered to. Returns how many entries that are. */
    public long takeOver(String lossesTo) throws TryAgainException, GroupGoneException {
        byte[] field = bytes(Loss.lostField(lossesTo, Loss.PENDING_DELETED));
        byte[] cursor = bytes("0-0");
        long pending = 0;
        do {
            List<?> reply = (List<?>) steps.runOwned(TAKE_OVER, keys.consumer, cursor, field);
            cursor = (byte[]) reply.get(0);
            pending += number(reply.get(1));
            if (number(reply.get(2)) > 0) {
                log.warn("{}: {} pending entries had been deleted from the source", this, number(reply.get(2)));
            }
        } while (!Arrays.equals(cursor, bytes("0-0")));
        return pending;
    }

    /** Lets a successor in at once. */
    public void release() throws TryAgainException {
        steps.run(RELEASE, List.of(keys.owner), keys.token);
    }

    // ---- entries

    /**
     * New entries in their order, up to {@code count}. Does not wait for any.
     *
     * @param last last entry read before, as far as the caller knows
     * @throws GiveUpException when an id comes a second time
     */
    public List<Entry> readNew(EntryId last, int count) throws TryAgainException, GroupGoneException {
        List<Entry> entries = steps.read(bytes(">"), count);
        if (!entries.isEmpty() && entries.get(0).id().compareTo(last) <= 0) {
            EntryId first = entries.get(0).id();
            steps.runOwned(NOTE, bytes("set_back"), bytes("to"), first.bytes());
            throw setBack(first.toString(), last.toString());
        }
        return entries;
    }

    /** Pending entries behind this id in their order, up to {@code count}; those that were deleted have no fields. */
    public List<Entry> readPending(EntryId behind, int count) throws TryAgainException, GroupGoneException {
        return steps.read(behind.bytes(), count);
    }

    private GiveUpException setBack(String first, String last) {
        return new GiveUpException(
                this + " gave entry " + first + " as a new one, though " + last
                        + " had been read: the group was set back, or"
                        + " the stream was begun anew with lower ids. The broker would take what comes for duplicates."
                        + " To publish these entries as new frames, start with --epoch " + (settings.epoch() + 1),
                null);
    }

    /** Waits until there is an entry behind this one, or the time is over. */
    public void awaitEntry(EntryId behind, Duration limit) throws TryAgainException {
        redis.tell(jedis -> jedis.sendCommand(
                Protocol.Command.XREAD,
                bytes("COUNT"),
                bytes(1),
                bytes("BLOCK"),
                bytes(limit.toMillis()),
                bytes("STREAMS"),
                keys.source,
                behind.bytes()));
    }

    /** Values of keys, null where there is none (or no string). */
    public List<byte[]> values(List<byte[]> keys) throws TryAgainException {
        return redis.tell(jedis -> jedis.mget(keys.toArray(byte[][]::new)));
    }

    /** These entries are stored in the broker: they are not pending any more. */
    public void settle(List<EntryId> ids) throws TryAgainException {
        List<byte[]> arguments = new ArrayList<>(List.of(keys.group, bytes(settings.deleteSettled() ? 1 : 0)));
        ids.forEach(id -> arguments.add(id.bytes()));
        steps.run(SETTLE, List.of(keys.source), arguments.toArray(byte[][]::new));
    }

    /** These pending entries were deleted from the source. */
    public void gone(List<EntryId> ids, String lossesTo) throws TryAgainException {
        List<byte[]> arguments =
                new ArrayList<>(List.of(keys.group, bytes(Loss.lostField(lossesTo, Loss.PENDING_DELETED))));
        ids.forEach(id -> arguments.add(id.bytes()));
        steps.run(GONE, List.of(keys.source, keys.state), arguments.toArray(byte[][]::new));
    }

    /**
     * Puts an entry that does not become a frame into the side stream, once.
     *
     * @param countedFor stream whose ledger is to count it; empty when the broker has counted it
     * @param lossesTo stream whose ledger counts it if it has been deleted meanwhile
     */
    public void setAside(EntryId id, String reason, String detail, String countedFor, String lossesTo)
            throws TryAgainException {
        steps.run(
                SET_ASIDE,
                List.of(keys.source, keys.state, keys.side),
                keys.group,
                id.bytes(),
                bytes(reason),
                bytes(detail),
                bytes(settings.mostSetAside()),
                bytes(countedFor.isEmpty() ? "" : Loss.lostField(countedFor, reason)),
                bytes(Loss.lostField(lossesTo, Loss.PENDING_DELETED)),
                bytes(settings.deleteSettled() ? 1 : 0));
    }

    // ---- accounts

    /** Looks how the group stands, and counts what left the source unread. */
    public Account account(String lossesTo) throws TryAgainException, GroupGoneException {
        List<?> reply = (List<?>) steps.runOwned(ACCOUNT, bytes(Loss.lostField(lossesTo, Loss.UNREAD_DELETED)));
        return new Account(
                number(reply.get(0)),
                number(reply.get(1)),
                number(reply.get(2)),
                EntryId.parse((byte[]) reply.get(3)),
                EntryId.parse((byte[]) reply.get(4)));
    }

    /** Losses the broker has not confirmed. */
    public List<Loss> losses() throws TryAgainException {
        Map<String, String> fields = new HashMap<>();
        redis.tell(jedis -> jedis.hgetAll(keys.state)).forEach((field, value) -> fields.put(text(field), text(value)));
        return Loss.of(fields);
    }

    /** Counts a loss that nothing in Redis shows. The only verb that counts twice when said twice. */
    public void lost(String stream, String reason, long count) throws TryAgainException, GroupGoneException {
        steps.runOwned(NOTE, bytes(Loss.lostField(stream, reason)), bytes("by"), bytes(count));
    }

    /** The broker has this loss in its ledger. */
    public void told(Loss loss) throws TryAgainException, GroupGoneException {
        steps.runOwned(NOTE, bytes(Loss.toldField(loss.stream(), loss.reason())), bytes("to"), bytes(loss.through()));
    }

    /** Does not release the source. */
    @Override
    public void close() {
        redis.close();
    }

    @Override
    public String toString() {
        return "source " + settings.source() + " (group " + settings.group() + ") of " + redis;
    }
}
