package io.framebroker.loadgen.role;

import io.framebroker.loadgen.targets.NatsClient;
import io.framebroker.loadgen.targets.TargetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The NATS server a target uses: one started for it alone, or one that runs and is left as it is. Used by one thread. */
final class NatsInstance extends HeldServer {
    private static final String WAY_OUT = "install NATS (package nats-server), or say --nats-server FILE, or --nats-url"
            + " nats://HOST:PORT of one that runs";

    private static final int READY_SECONDS = 60;
    private static final String CONF = "nats.conf";

    private NatsInstance(HeldProcess process, String url) {
        super(process, url);
    }

    /** Opens it for a target of this name. */
    static NatsInstance open(ServerSettings settings, String name) throws InterruptedException {
        if (!settings.starts()) {
            return new NatsInstance(null, settings.url());
        }
        Path program = HeldProcess.find(settings.program(), WAY_OUT);
        Path own = HeldProcess.folder(settings.folder(), name);
        int port = HeldProcess.freePort();
        Path conf = own.resolve(CONF);
        try {
            Files.writeString(conf, conf(own, port));
        } catch (IOException e) {
            throw new RunFailure("cannot write " + conf + ": " + e.getMessage(), e);
        }
        HeldProcess process = HeldProcess.start(own, List.of(program.toString(), "-c", conf.toString()), Map.of());
        NatsInstance started = new NatsInstance(process, "nats://127.0.0.1:" + port);
        process.awaitReady(READY_SECONDS, () -> started.serves(own));
        return started;
    }

    /** Everything that is not here has its default. A frame of some megabytes has to fit what the server holds for a client. */
    static String conf(Path own, int port) {
        return """
                listen: "127.0.0.1:%d"
                server_name: "%s"
                max_payload: 8MB
                max_pending: 128MB
                jetstream { store_dir: "%s" }
                """.formatted(port, own.getFileName(), own);
    }

    private boolean serves(Path own) {
        try (NatsClient client = NatsClient.open(url())) {
            if (!client.serverName().equals(own.getFileName().toString())) {
                throw new RunFailure(client.serverName() + " has taken the port of " + url() + "; try again");
            }
            return true;
        } catch (TargetException e) {
            return false;
        }
    }

    @Override
    public Map<String, Object> facts() {
        Map<String, Object> facts = new LinkedHashMap<>();
        try (NatsClient client = NatsClient.open(url())) {
            facts.put("version", client.version());
        }
        facts.put("storage", "file");
        facts.put("acknowledged", "when written");
        if (held() != null) {
            facts.put("file_system", DataFolder.fileSystem(held().folder()));
        }
        return facts;
    }
}
