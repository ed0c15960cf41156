package io.framebroker.server.store.redis;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import redis.embedded.core.ExecutableProvider;

/** A redis-server to run: the installed one, or 6.2 out of a jar where there is none. */
public enum RedisBinary {
    /** What PATH has. */
    PATH,
    /** The oldest Redis the store works with. */
    EMBEDDED_6_2;

    /** The system property {@code redis} chooses: {@code path} or {@code 6.2}; unset, PATH where it has one. */
    public static RedisBinary chosen() {
        String choice = System.getProperty("redis", "");
        return switch (choice) {
            case "path" -> PATH;
            case "6.2" -> EMBEDDED_6_2;
            case "" -> PATH.isThere() ? PATH : EMBEDDED_6_2;
            default -> throw new IllegalArgumentException("-Dredis=" + choice + ": it is path or 6.2");
        };
    }

    public boolean isThere() {
        return this == EMBEDDED_6_2 || onPath().isPresent();
    }

    /** The file to run. */
    Path file() {
        return switch (this) {
            case PATH -> onPath().orElseThrow(() -> new IllegalStateException("no redis-server on PATH"));
            case EMBEDDED_6_2 -> Extracted.FILE;
        };
    }

    private static Optional<Path> onPath() {
        return Stream.of(System.getenv("PATH").split(File.pathSeparator))
                .map(folder -> Path.of(folder, "redis-server"))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** Ten megabytes, written once a JVM. */
    private static final class Extracted {
        static final Path FILE = extract();

        private static Path extract() {
            try {
                Path folder = Files.createTempDirectory("redis-binary-");
                Path file = ExecutableProvider.newJarResourceProvider(folder.toFile())
                        .get()
                        .toPath();
                RedisProcess.deleteAtExit(folder);
                return file;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
