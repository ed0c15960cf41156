package io.framebroker.server.store.disk;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What a broker says of what it found when it started. */
final class LoggedFindings implements Findings, FrameFindings {
    private static final Logger log = LoggerFactory.getLogger(LoggedFindings.class);

    @Override
    public void mendedHeader(int segment, int at, boolean isBlank) {
        log.warn("segment {}: a header of a chunk, at {}, is damaged; its copy is there", segment, at);
    }

    @Override
    public void lostHeader(int segment, int at) {
        log.error("segment {}: both headers of the chunk at {} are damaged, and what was in it is lost", segment, at);
    }

    @Override
    public void journal(StreamState state, Chunk journal, Journal.Found found) {
        if (!found.mended().isEmpty()) {
            log.warn(
                    "stream {}: {} records of {} were damaged and had a copy",
                    state.name(),
                    found.mended().size(),
                    journal);
        }
        if (!found.damaged().isEmpty()) {
            log.error(
                    "stream {}: {} is damaged in {} places, and what was written there is lost; frames may be delivered"
                            + " again",
                    state.name(),
                    journal,
                    found.damaged().size());
        }
    }

    @Override
    public void journalLost(Recovery.Orphan orphan) {
        log.error(
                "{} chunks of frames belong to a stream (number {}) whose journal is lost; they are left alone, for"
                        + " `frame-broker store dump` or `free`: {}",
                orphan.frames().size(),
                orphan.stream(),
                orphan.frames());
    }

    @Override
    public void damagedBytes(StreamState state, int from, long before, FrameRecord behind) {
        log.error(
                "stream {}: {} bytes at {} of {} are damaged", state.name(), behind.at() - from, from, behind.chunk());
    }

    @Override
    public void damagedFrame(StreamState state, FrameRecord frame) {
        log.error(
                "stream {}: frame {} at {} of {} is damaged", state.name(), frame.ordinal(), frame.at(), frame.chunk());
    }

    @Override
    public void lostFrames(StreamState state, long from, long through) {
        log.error("stream {}: frames {}..{} were stored, and are lost", state.name(), from, through);
    }
}
