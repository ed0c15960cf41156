package io.framebroker.loadgen.chaos;

import io.framebroker.loadgen.role.BrokerProcess;
import java.time.Duration;
import java.util.List;

/** A broker. Started again, it listens where it did before. */
public final class BrokerActor extends Actor {
    private final List<String> command;
    private final List<String> arguments;
    private final int port;
    private BrokerProcess broker;

    /**
     * @param command what starts a broker, without arguments
     * @param arguments beside those for the port
     */
    BrokerActor(String name, List<String> command, List<String> arguments) throws InterruptedException {
        super(name);
        this.command = command;
        this.arguments = arguments;
        this.broker = BrokerProcess.start(command, 0, arguments);
        String address = broker.address();
        this.port = Integer.parseInt(address.substring(address.lastIndexOf(':') + 1));
    }

    public int port() {
        return port;
    }

    public String address() {
        return "127.0.0.1:" + port;
    }

    @Override
    public ProcessHandle process() {
        return broker.process();
    }

    /**
     * SIGTERM. Returns when it has ended.
     *
     * @return its exit code
     */
    int terminate(Duration within) throws InterruptedException {
        return broker.terminate(within);
    }

    /** Starts it again, and does not wait until it serves. */
    void launch() {
        broker = BrokerProcess.start(command, port, arguments);
    }

    @Override
    public void restart() throws InterruptedException {
        launch();
        broker.address();
    }

    @Override
    void end() {
        broker.close();
    }
}
