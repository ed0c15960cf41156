package io.framebroker.server;

import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.encoder.EncoderBase;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Writes a log event as one JSON object in one line of ASCII: {@code time} (ISO-8601, UTC), {@code level},
 * {@code logger}, {@code thread}, {@code message}, whom it is about, and {@code exception}, a stack trace.
 *
 * <p>Whom it is about stands in the message of nearly every event, by the words that all of this program has for it, so
 * it is taken from there: what stands for the braces of {@code "stream {} cannot be stored"} is its {@code stream}. Of
 * several the first counts. A key that the event names by itself wins.
 *
 * <p>Logback makes it, by the name in logback.xml.
 */
public final class JsonLogEncoder extends EncoderBase<ILoggingEvent> {
    private static final Set<String> OWN_NAMES = Set.of("time", "level", "logger", "thread", "message", "exception");
    private static final Set<String> SUBJECTS = Set.of("stream", "group", "consumer", "publisher", "frame");

    /** A place for an argument, and the word before it. */
    private static final Pattern PLACE = Pattern.compile("(?:(\\w+) )?\\{}");

    private static final byte[] NOTHING = {};

    @Override
    public byte[] headerBytes() {
        return NOTHING;
    }

    @Override
    public byte[] encode(ILoggingEvent event) {
        JsonLine line = new JsonLine()
                .put("time", event.getInstant().toString())
                .put("level", event.getLevel().toString())
                .put("logger", event.getLoggerName())
                .put("thread", event.getThreadName())
                .put("message", String.valueOf(event.getFormattedMessage()));
        // A name twice would be an object that readers take differently.
        subjects(event).forEach((name, value) -> put(line, name, value));
        IThrowableProxy thrown = event.getThrowableProxy();
        if (thrown != null) {
            line.put("exception", ThrowableProxyUtil.asString(thrown));
        }
        return (line + "\n").getBytes(StandardCharsets.US_ASCII);
    }

    private static Map<String, Object> subjects(ILoggingEvent event) {
        Map<String, Object> subjects = new LinkedHashMap<>();
        if (event.getKeyValuePairs() != null) {
            event.getKeyValuePairs().stream()
                    .filter(each -> !OWN_NAMES.contains(each.key))
                    .forEach(each -> subjects.put(each.key, each.value));
        }
        Object[] arguments = event.getArgumentArray();
        if (arguments != null && event.getMessage() != null) {
            Matcher places = PLACE.matcher(event.getMessage());
            for (int i = 0; i < arguments.length && places.find(); i++) {
                if (places.group(1) != null && SUBJECTS.contains(places.group(1))) {
                    subjects.putIfAbsent(places.group(1), String.valueOf(arguments[i]));
                }
            }
        }
        return subjects;
    }

    private static void put(JsonLine line, String key, Object value) {
        if (value instanceof Long || value instanceof Integer) {
            line.put(key, ((Number) value).longValue());
        } else {
            line.put(key, String.valueOf(value));
        }
    }

    @Override
    public byte[] footerBytes() {
        return NOTHING;
    }
}
