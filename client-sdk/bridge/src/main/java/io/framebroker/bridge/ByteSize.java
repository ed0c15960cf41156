package io.framebroker.bridge;

import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Bytes with an optional unit: 500, 64K, 4M, 1G. */
final class ByteSize implements ITypeConverter<Long> {
    private static final String UNITS = "KMG";

    @Override
    public Long convert(String text) {
        String size = text.toUpperCase(Locale.ROOT);
        if (!size.matches("\\d{1,10}[KMG]?")) {
            throw new TypeConversionException("'" + text + "' is no size such as 64M");
        }
        int unit = UNITS.indexOf(size.charAt(size.length() - 1)) + 1;
        long number = Long.parseLong(unit == 0 ? size : size.substring(0, size.length() - 1));
        return number << 10 * unit;
    }
}
