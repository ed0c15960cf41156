package io.framebroker.server;

/**
 * Text that people are to read on a terminal, whoever wrote it: nothing in it ends the line, moves the cursor, changes
 * colours or turns the direction of what follows.
 */
final class Printable {
    private Printable() {}

    /** Shows such characters as escapes, as in {@code \n} and {@code \u001b}; all others are as they were. */
    static String of(String text) {
        StringBuilder shown = new StringBuilder(text.length());
        text.codePoints().forEach(each -> {
            switch (Character.getType(each)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR ->
                    shown.append(escape(each));
                default -> shown.appendCodePoint(each);
            }
        });
        return shown.toString();
    }

    private static String escape(int character) {
        return switch (character) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format(character > 0xFFFF ? "\\U%08x" : "\\u%04x", character);
        };
    }
}
