package io.framebroker.server.broker;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.AppenderBase;
import org.slf4j.LoggerFactory;

/** What a turn has logged instead of throwing it, for the thread that runs the simulation. */
final class LostFailures {
    private static final ThreadLocal<String> LAST = new ThreadLocal<>();
    private static final ThreadLocal<String> TAKEN = new ThreadLocal<>();

    static {
        AppenderBase<ILoggingEvent> appender = new AppenderBase<>() {
            @Override
            protected void append(ILoggingEvent event) {
                IThrowableProxy failure = event.getThrowableProxy();
                LAST.set(
                        failure == null
                                ? event.getFormattedMessage()
                                : failure.getClassName() + ": " + failure.getMessage());
            }
        };
        appender.start();
        Logger turns = (Logger) LoggerFactory.getLogger(Turn.class);
        turns.addAppender(appender);
        // Whoever asks here tells it himself.
        turns.setAdditive(false);
    }

    private LostFailures() {}

    /** The last failure since it was last asked; null when there was none. */
    static String taken() {
        TAKEN.set(LAST.get());
        LAST.remove();
        return TAKEN.get();
    }

    static String last() {
        return TAKEN.get();
    }
}
