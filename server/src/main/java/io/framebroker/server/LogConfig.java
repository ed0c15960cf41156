package io.framebroker.server;

import java.util.Locale;
import org.slf4j.LoggerFactory;
import org.slf4j.bridge.SLF4JBridgeHandler;
import org.slf4j.event.Level;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The settings of the log. */
final class LogConfig {
    /** As logback.xml names them. */
    private static final String FORMAT = "framebroker.log.format";

    private static final String LEVEL = "framebroker.log.level";

    enum Format {
        TEXT,
        JSON
    }

    private static final class FormatText implements ITypeConverter<Format> {
        @Override
        public Format convert(String text) {
            return switch (text) {
                case "text" -> Format.TEXT;
                case "json" -> Format.JSON;
                default -> throw new TypeConversionException("'" + text + "' is none of text, json");
            };
        }
    }

    @Option(
            names = "--log-format",
            defaultValue = "${env:LOG_FORMAT:-text}",
            converter = FormatText.class,
            description = "How log lines on standard error look: text, or json, one object a line (LOG_FORMAT, default"
                    + " text)")
    Format format;

    @Option(
            names = "--log-level",
            defaultValue = "${env:LOG_LEVEL:-INFO}",
            description = "Least of what is logged: ${COMPLETION-CANDIDATES} (LOG_LEVEL, default INFO)")
    Level level;

    /**
     * To be called before anything logs. What gRPC logs by java.util.logging, and threads that end by an exception,
     * come the same way from then on.
     */
    void begin() {
        System.setProperty(FORMAT, format.name().toLowerCase(Locale.ROOT));
        System.setProperty(LEVEL, level.name());
        SLF4JBridgeHandler.removeHandlersForRootLogger();
        SLF4JBridgeHandler.install();
        Thread.setDefaultUncaughtExceptionHandler((thread, e) -> LoggerFactory.getLogger(FrameBroker.class)
                .error("thread {} ends by an exception; please report it", thread.getName(), e));
    }

    /** Where every line is to be JSON, why the broker does not start is one, too. */
    boolean tellsWhyNot(Exception why) {
        if (format != Format.JSON) {
            return false;
        }
        LoggerFactory.getLogger(FrameBroker.class).error("the broker does not start: {}", why.getMessage(), why);
        return true;
    }
}
