package io.framebroker.client;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.util.List;
import org.slf4j.LoggerFactory;

/** What a class logs on this thread while this is open: on others, clients of earlier tests may still be ending. */
final class HeardLog implements AutoCloseable {
    private final Logger logger;
    private final Thread thread = Thread.currentThread();
    private final ListAppender<ILoggingEvent> appender = new ListAppender<>() {
        @Override
        protected void append(ILoggingEvent event) {
            if (Thread.currentThread() == thread) {
                super.append(event);
            }
        }
    };

    HeardLog(Class<?> from) {
        logger = (Logger) LoggerFactory.getLogger(from);
        appender.start();
        logger.addAppender(appender);
    }

    List<ILoggingEvent> events() {
        return List.copyOf(appender.list);
    }

    @Override
    public void close() {
        logger.detachAppender(appender);
    }
}
