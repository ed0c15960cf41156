package io.framebroker.server;

import io.framebroker.server.broker.DeadLetter;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Why a group gives a frame up, as an option names it. */
final class DeadLetterReason implements ITypeConverter<String> {
    private static final List<String> ALL = List.of(DeadLetter.MAX_ATTEMPTS, DeadLetter.NACKED);

    @Override
    public String convert(String text) {
        if (!ALL.contains(text)) {
            throw new TypeConversionException("'" + text + "' is none of " + String.join(", ", ALL));
        }
        return text;
    }
}
