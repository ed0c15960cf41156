package io.framebroker.client;

/**
 * Counts of one consumer since it was started.
 *
 * @param delivered frames that came
 * @param acked frames acknowledged here, whether the broker has confirmed it yet or not
 * @param nacked frames ended here in any other way
 * @param settledOk frames whose settlement the broker confirmed
 * @param stale frames whose settlement came too late: they are, or will be, delivered again
 * @param refused frames whose settlement the broker refused to carry out
 * @param expiredHere frames that were not handled because their lease ended first
 * @param corrupt frames whose payload was not what its checksum says, or could not be unpacked; another attempt was asked
 *     for
 * @param reconnects calls opened after the first
 * @param held frames delivered and neither settled nor lost at this moment
 * @param connected whether the broker has answered the present call
 */
public record ConsumerStats(
        long delivered,
        long acked,
        long nacked,
        long settledOk,
        long stale,
        long refused,
        long expiredHere,
        long corrupt,
        long reconnects,
        long held,
        boolean connected) {}
