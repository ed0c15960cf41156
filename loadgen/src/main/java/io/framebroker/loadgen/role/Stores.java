package io.framebroker.loadgen.role;

import java.nio.file.Path;

/**
 * Where targets keep their frames.
 *
 * @param folder where the broker's disk store has a folder for each target
 */
public record Stores(RedisSettings redis, ServerSettings nats, ServerSettings rabbitmq, Path folder) {}
