package io.framebroker.server.grpc;

import io.framebroker.server.broker.BrokerException;
import io.framebroker.server.broker.DeadLetter;
import io.framebroker.server.broker.Frame;
import io.framebroker.v1.FrameHeader;
import io.framebroker.v1.ListDeadLettersResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * One page of a stream's dead letters. Their headers are in their frames, which have to be read: a page ends early where
 * they are large.
 */
final class DeadLetterPage {
    /** Frames of a page, in bytes; one may be larger. */
    private static final long MOST_BYTES = 16 << 20;

    private static final Comparator<Place> ORDER = Comparator.comparingLong(Place::deadMicros)
            .thenComparing(Place::group)
            .thenComparingLong(Place::ordinal);

    /** Where a letter stands in the list. */
    private record Place(long deadMicros, long ordinal, String group) {
        static Place of(String group, DeadLetter letter) {
            return new Place(letter.deadMicros(), letter.id().ordinal(), group);
        }

        static Place parse(String token) {
            String[] parts = token.split("-", 3);
            try {
                return new Place(Long.parseLong(parts[0]), Long.parseLong(parts[1]), parts[2]);
            } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
                throw BrokerException.invalid(
                        "page_token", "not one of ListDeadLetters; take next_page_token as it was given");
            }
        }

        String token() {
            return deadMicros + "-" + ordinal + "-" + group;
        }
    }

    private record Listed(Place place, DeadLetter letter) {}

    /** Reads letters of one group; as {@code Broker.readDeadLetters}. */
    interface Reader {
        void read(String group, List<Long> ordinals, Consumer<List<Frame>> answer);
    }

    private final List<Listed> letters;
    private final String nextToken;
    private final Map<Place, FrameHeader> headers = new ConcurrentHashMap<>();

    private DeadLetterPage(List<Listed> letters, String nextToken) {
        this.letters = letters;
        this.nextToken = nextToken;
    }

    /** The first letters behind a token. */
    static DeadLetterPage of(Map<String, List<DeadLetter>> byGroup, int size, String token) {
        Place behind = token.isEmpty() ? null : Place.parse(token);
        List<Listed> all = new ArrayList<>();
        byGroup.forEach((group, letters) -> letters.forEach(letter -> {
            Place place = Place.of(group, letter);
            if (behind == null || ORDER.compare(place, behind) > 0) {
                all.add(new Listed(place, letter));
            }
        }));
        all.sort(Comparator.comparing(Listed::place, ORDER));
        List<Listed> page = new ArrayList<>();
        long bytes = 0;
        for (Listed each : all) {
            bytes += each.letter.bytes();
            if (page.size() == size || bytes > MOST_BYTES && !page.isEmpty()) {
                break;
            }
            page.add(each);
        }
        boolean isLast = page.size() == all.size();
        return new DeadLetterPage(
                page, isLast ? "" : page.get(page.size() - 1).place.token());
    }

    /**
     * Has the letters read.
     *
     * @param done run once, on any thread, when they are
     */
    void read(Reader reader, Runnable done) {
        Map<String, List<Long>> byGroup = letters.stream()
                .map(Listed::place)
                .collect(Collectors.groupingBy(Place::group, Collectors.mapping(Place::ordinal, Collectors.toList())));
        AtomicInteger open = new AtomicInteger(byGroup.size() + 1);
        byGroup.forEach((group, ordinals) -> reader.read(group, ordinals, frames -> {
            arrived(group, frames);
            if (open.decrementAndGet() == 0) {
                done.run();
            }
        }));
        if (open.decrementAndGet() == 0) {
            done.run();
        }
    }

    private void arrived(String group, List<Frame> frames) {
        for (Frame frame : frames) {
            for (Listed each : letters) {
                if (each.place.group.equals(group) && each.place.ordinal == frame.ordinal()) {
                    headers.put(each.place, DeadLetterEndpoint.wire(frame).header());
                }
            }
        }
    }

    /** Letters that have gone since, or cannot be read, come without a header. */
    ListDeadLettersResponse response(String stream) {
        ListDeadLettersResponse.Builder response =
                ListDeadLettersResponse.newBuilder().setNextPageToken(nextToken);
        for (Listed each : letters) {
            var letter = DeadLetterEndpoint.letter(stream, each.place.group, each.letter);
            FrameHeader header = headers.get(each.place);
            if (header != null) {
                letter.setHeader(header);
            }
            response.addDeadLetters(letter);
        }
        return response.build();
    }
}
