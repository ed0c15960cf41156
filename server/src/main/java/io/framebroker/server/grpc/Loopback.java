package io.framebroker.server.grpc;

import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;

/** The broker as its own client, without a network: made when first needed. Thread-safe. */
final class Loopback implements AutoCloseable {
    private final List<ServerServiceDefinition> services;
    private Server server;
    private ManagedChannel channel;

    Loopback(List<ServerServiceDefinition> services) {
        this.services = services;
    }

    synchronized ManagedChannel channel() {
        if (channel == null) {
            String name = InProcessServerBuilder.generateName();
            try {
                server = InProcessServerBuilder.forName(name)
                        .directExecutor()
                        .addServices(services)
                        .build()
                        .start();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            channel = InProcessChannelBuilder.forName(name).directExecutor().build();
        }
        return channel;
    }

    @Override
    public synchronized void close() {
        if (channel != null) {
            channel.shutdownNow();
            server.shutdownNow();
        }
    }
}
