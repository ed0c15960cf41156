package io.framebroker.loadgen.role;

import io.framebroker.loadgen.targets.RedisConnection;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Which Redis a target gets.
 *
 * @param url of one that runs already, to be shared by all targets; null to start one for each
 * @param server program to start, a path or a name to be looked for on the PATH
 * @param conf configuration file to start it with; null for ours
 * @param folder where started ones keep their append-only files, in a folder of their own each
 * @param memoryBytes above which one that is started with our configuration refuses to grow
 * @param appends whether it writes what it keeps to a file; a configuration of the user's may say it does not
 */
public record RedisSettings(String url, String server, Path conf, Path folder, long memoryBytes, boolean appends) {
    public RedisSettings {
        if (url != null && !RedisConnection.isUrl(url)) {
            throw new IllegalArgumentException("--redis-url is not a URL of Redis; write it as redis://host:port");
        }
    }

    /** One that appends, or does what its configuration says. */
    public RedisSettings(String url, String server, Path conf, Path folder, long memoryBytes) {
        this(url, server, conf, folder, memoryBytes, true);
    }

    /** The same server, but that nothing it keeps outlives it. */
    RedisSettings withoutAof() {
        return new RedisSettings(url, server, conf, folder, memoryBytes, false);
    }

    /** Whether servers are started, which are ours to fill, empty and end. */
    public boolean starts() {
        return url == null;
    }

    /**
     * The command line. Nothing is ever rewritten unasked, so that no round pays for another; a configuration file of the
     * user's decides on everything else that makes a difference.
     */
    List<String> command(Path program, Path own, int port) {
        List<String> command = new ArrayList<>(List.of(program.toString()));
        if (conf != null) {
            command.add(conf.toAbsolutePath().toString());
        } else {
            option(command, "appendonly", "yes");
            option(command, "appendfsync", "everysec");
            option(command, "save", "");
            option(command, "maxmemory", Long.toString(memoryBytes));
            option(command, "maxmemory-policy", "noeviction");
        }
        if (!appends) {
            // The last one said counts.
            option(command, "appendonly", "no");
        }
        option(command, "auto-aof-rewrite-percentage", "0");
        option(command, "bind", "127.0.0.1");
        option(command, "port", Integer.toString(port));
        option(command, "dir", own.toAbsolutePath().toString());
        option(command, "requirepass", "");
        option(command, "daemonize", "no");
        option(command, "pidfile", "");
        option(command, "logfile", "");
        option(command, "loglevel", "notice");
        return command;
    }

    private static void option(List<String> command, String name, String value) {
        command.add("--" + name);
        command.add(value);
    }
}
