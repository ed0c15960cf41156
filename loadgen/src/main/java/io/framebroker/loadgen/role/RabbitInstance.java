package io.framebroker.loadgen.role;

import io.framebroker.loadgen.targets.RabbitClient;
import io.framebroker.loadgen.targets.TargetException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The RabbitMQ a target uses: one started for it alone, or one that runs and is left as it is. Used by one thread. */
final class RabbitInstance extends HeldServer {
    private static final String WAY_OUT =
            "install RabbitMQ (package rabbitmq-server), or say --rabbitmq-server FILE, or"
                    + " --rabbitmq-url amqp://HOST:PORT of one that runs";

    private static final String EPMD_WAY_OUT =
            "it comes with Erlang (package erlang-base), without which RabbitMQ does not run";

    private static final int READY_SECONDS = 60;
    private static final String SERVER = "rabbitmq-server";

    /** Erlang's port mapper: with one of our own none is left running in the background. Null for a server that runs. */
    private final HeldProcess names;

    private RabbitInstance(HeldProcess names, HeldProcess process, String url) {
        super(process, url);
        this.names = names;
    }

    /** Opens it for a target of this name. */
    static RabbitInstance open(ServerSettings settings, String name) throws InterruptedException {
        if (!settings.starts()) {
            return new RabbitInstance(null, null, settings.url());
        }
        Path program = script(HeldProcess.find(settings.program(), WAY_OUT));
        Path epmd = HeldProcess.find("epmd", EPMD_WAY_OUT);
        int namesPort = HeldProcess.freePort();
        HeldProcess names = HeldProcess.start(
                HeldProcess.folder(settings.folder(), name + "-epmd"),
                List.of(epmd.toString(), "-address", "127.0.0.1", "-port", Integer.toString(namesPort)),
                Map.of());
        names.awaitReady(READY_SECONDS, () -> listens(namesPort));
        try {
            return open(program, settings.folder(), name, names, namesPort);
        } catch (RuntimeException | InterruptedException e) {
            names.close();
            throw e;
        }
    }

    private static RabbitInstance open(Path program, Path folder, String name, HeldProcess names, int namesPort)
            throws InterruptedException {
        Path own = HeldProcess.folder(folder, name);
        int port = HeldProcess.freePort();
        String node = own.getFileName().toString().replaceAll("\\W", "-");
        try {
            Files.writeString(own.resolve("rabbitmq.conf"), "listeners.tcp.local = 127.0.0.1:" + port + "\n");
            Files.writeString(own.resolve("plugins"), "[].\n");
        } catch (IOException e) {
            throw new RunFailure("cannot write into " + own + ": " + e.getMessage(), e);
        }
        HeldProcess process = HeldProcess.start(
                own, List.of(program.toString()), environment(own, node, HeldProcess.freePort(), namesPort));
        String url = "amqp://guest:guest@127.0.0.1:" + port;
        process.awaitReady(READY_SECONDS, () -> serves(url, node));
        return new RabbitInstance(names, process, url);
    }

    /**
     * Debian's wrapper runs the server as another user, in that user's folders; what it wraps lies beside it. Elsewhere
     * the program is what it says.
     */
    private static Path script(Path program) {
        try {
            Path beside = program.toRealPath().resolveSibling(SERVER);
            return Files.isExecutable(beside) ? beside : program;
        } catch (IOException e) {
            return program;
        }
    }

    /** Everything in one folder, the cookie too, and on loopback; nothing of a RabbitMQ that is installed is read. */
    static Map<String, String> environment(Path own, String node, int clusterPort, int namesPort) {
        Map<String, String> environment = new LinkedHashMap<>();
        environment.put("HOME", own.toString());
        environment.put("RABBITMQ_NODENAME", node + "@localhost");
        environment.put("RABBITMQ_MNESIA_BASE", own.resolve("data").toString());
        environment.put("RABBITMQ_LOG_BASE", own.resolve("log").toString());
        environment.put("RABBITMQ_LOGS", "-");
        environment.put("RABBITMQ_PID_FILE", own.resolve("pid").toString());
        environment.put("RABBITMQ_CONF_ENV_FILE", own.resolve("none").toString());
        environment.put("RABBITMQ_CONFIG_FILE", own.resolve("rabbitmq.conf").toString());
        environment.put(
                "RABBITMQ_ADVANCED_CONFIG_FILE", own.resolve("none.config").toString());
        environment.put("RABBITMQ_ENABLED_PLUGINS_FILE", own.resolve("plugins").toString());
        environment.put("ERL_CRASH_DUMP", own.resolve("crash").toString());
        environment.put("RABBITMQ_DIST_PORT", Integer.toString(clusterPort));
        environment.put("ERL_EPMD_PORT", Integer.toString(namesPort));
        environment.put("ERL_EPMD_ADDRESS", "127.0.0.1");
        // The script then becomes the server, and whoever ends the one ends the other; but there is no input.
        environment.put("RABBITMQ_ALLOW_INPUT", "1");
        environment.put("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", "-noinput -kernel inet_dist_use_interface {127,0,0,1}");
        return environment;
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static boolean serves(String url, String node) {
        try (RabbitClient client = RabbitClient.open(url)) {
            if (!client.node().equals(node)) {
                throw new RunFailure(client.node() + " has taken the port of " + node + "; try again");
            }
            return true;
        } catch (TargetException e) {
            return false;
        }
    }

    @Override
    public Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        try (RabbitClient client = RabbitClient.open(url())) {
            facts.put("version", client.version());
        }
        facts.put("queues", "quorum");
        facts.put("acknowledged", "when forced to the disk");
        if (held() != null) {
            facts.put("file_system", DataFolder.fileSystem(held().folder()));
        }
        return facts;
    }

    @Override
    public void close() {
        super.close();
        if (names != null) {
            names.close();
        }
    }
}
