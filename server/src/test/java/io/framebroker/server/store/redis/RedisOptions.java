package io.framebroker.server.store.redis;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** How a {@link RedisProcess} is to be run. */
public final class RedisOptions {
    private final List<String> lines = new ArrayList<>();
    private final List<String> arguments = new ArrayList<>();
    private RedisBinary binary = RedisBinary.chosen();
    private Path base;
    private String password;
    private RedisCertificates certificates;
    private boolean cluster;

    public RedisOptions binary(RedisBinary binary) {
        this.binary = binary;
        return this;
    }

    /** Begins with this file, and changes nothing of it but addresses, directory and log. */
    public RedisOptions file(Path file) {
        this.base = file;
        return this;
    }

    public RedisOptions appendOnly(String appendFsync) {
        return directives("appendonly yes", "appendfsync " + appendFsync);
    }

    public RedisOptions maxMemory(String bytes, String policy) {
        return directives("maxmemory " + bytes, "maxmemory-policy " + policy);
    }

    public RedisOptions password(String password) {
        this.password = password;
        return directives("requirepass " + password, "masterauth " + password);
    }

    /** A user beside the administrator, in the words of the configuration file. */
    public RedisOptions user(String name, String rules) {
        return directives("user " + name + " " + rules);
    }

    /** Encrypted only: its port takes nothing else. */
    public RedisOptions tls(RedisCertificates certificates) {
        this.certificates = certificates;
        return directives(
                "tls-cert-file " + certificates.certificate(),
                "tls-key-file " + certificates.key(),
                "tls-ca-cert-file " + certificates.certificate(),
                "tls-auth-clients no");
    }

    public RedisOptions replicaOf(RedisProcess primary) {
        return directives("replicaof 127.0.0.1 " + primary.port());
    }

    RedisOptions cluster(int nodeTimeoutMillis) {
        this.cluster = true;
        return directives("cluster-enabled yes", "cluster-node-timeout " + nodeTimeoutMillis);
    }

    RedisOptions sentinel() {
        arguments.add("--sentinel");
        return this;
    }

    /** Lines of the configuration file. */
    public RedisOptions directives(String... lines) {
        this.lines.addAll(List.of(lines));
        return this;
    }

    /** Runs it. */
    public RedisProcess start() {
        return new RedisProcess(this).start();
    }

    RedisBinary binary() {
        return binary;
    }

    String password() {
        return password;
    }

    boolean isTls() {
        return certificates != null;
    }

    boolean isCluster() {
        return cluster;
    }

    List<String> arguments() {
        return arguments;
    }

    void write(Path file, int port, Path directory) {
        List<String> all = new ArrayList<>();
        boolean server = arguments.isEmpty();
        if (base != null) {
            all.add("include " + base.toAbsolutePath());
        } else if (server) {
            // Off, with the shortest wait before a replica is synchronized.
            all.addAll(List.of("save \"\"", "appendonly no", "repl-diskless-sync-delay 0"));
        }
        all.addAll(List.of(
                (isTls() ? "port 0\ntls-port " : "port ") + port,
                "bind 127.0.0.1",
                "dir " + directory,
                "unixsocket " + directory.resolve("s"),
                "daemonize no",
                "logfile \"\""));
        all.addAll(lines);
        try {
            Files.write(file, all);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
