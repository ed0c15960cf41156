package io.framebroker.loadgen.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class FaultProxyTest {
    /** How long nothing must come for nothing to be coming. */
    private static final int SILENCE_MILLIS = 100;

    private ServerSocket listener;
    private FaultProxy proxy;
    private Socket client;
    private Socket server;

    @BeforeEach
    void connect() throws IOException {
        listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
        proxy = new FaultProxy("127.0.0.1", listener.getLocalPort());
        client = dial();
        server = listener.accept();
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        server.close();
        proxy.close();
        listener.close();
    }

    @Test
    void carriesBytesBothWaysUnchanged() throws Exception {
        byte[] large = new byte[3_000_000];
        new Random(1).nextBytes(large);
        Thread sender = new Thread(() -> send(client, large));
        sender.start();

        assertThat(Arrays.equals(server.getInputStream().readNBytes(large.length), large))
                .isTrue();
        sender.join();
        send(server, "answer".getBytes());
        assertThat(client.getInputStream().readNBytes(6)).isEqualTo("answer".getBytes());
        FaultProxy.Stats stats = proxy.stats();
        assertThat(stats).isEqualTo(new FaultProxy.Stats(1, 1, 0, 3_000_000, 6));
    }

    @Test
    void theEndOfOneDirectionLeavesTheOtherOpen() throws IOException {
        send(client, new byte[] {1});
        client.shutdownOutput();

        assertThat(server.getInputStream().readAllBytes()).containsExactly(1);
        send(server, new byte[] {2});
        assertThat(client.getInputStream().read()).isEqualTo(2);
    }

    @Test
    void cutsWithAResetAndLetsNewConnectionsPass() throws IOException {
        assertThat(proxy.cut(FaultProxy.Cut.RST)).isEqualTo(1);

        assertThatThrownBy(() -> client.getInputStream().read()).isInstanceOf(SocketException.class);
        assertThatThrownBy(() -> server.getInputStream().read()).isInstanceOf(SocketException.class);
        try (Socket again = dial();
                Socket accepted = listener.accept()) {
            send(again, new byte[] {7});
            assertThat(accepted.getInputStream().read()).isEqualTo(7);
        }
        assertThat(proxy.stats().cut()).isEqualTo(1);
    }

    @Test
    void cutsAsAProcessThatEnds() throws IOException {
        assertThat(proxy.cut(FaultProxy.Cut.FIN)).isEqualTo(1);

        assertThat(client.getInputStream().read()).isEqualTo(-1);
        assertThat(server.getInputStream().read()).isEqualTo(-1);
    }

    @Test
    void cutsAfterExactlySoManyBytes() throws IOException {
        proxy.cutAfter(10, FaultProxy.Cut.FIN);
        send(client, new byte[100]);

        assertThat(server.getInputStream().readAllBytes()).hasSize(10);
        assertThat(proxy.stats())
                .extracting(FaultProxy.Stats::open, FaultProxy.Stats::cut)
                .containsExactly(0, 1L);
    }

    @Test
    void cutsOnlyOnce() throws IOException {
        proxy.cutAfter(1, FaultProxy.Cut.FIN);
        send(client, new byte[1]);
        server.getInputStream().readAllBytes();

        try (Socket again = dial();
                Socket accepted = listener.accept()) {
            send(again, new byte[50]);
            assertThat(accepted.getInputStream().readNBytes(50)).hasSize(50);
        }
    }

    @Test
    void aBlackHoleKeepsWhatItSwallowsUntilItEnds() throws IOException {
        proxy.blackhole(true, true);
        send(client, new byte[] {1});
        send(server, new byte[] {2});

        assertSilent(server);
        assertSilent(client);
        proxy.pass();
        assertThat(server.getInputStream().read()).isEqualTo(1);
        assertThat(client.getInputStream().read()).isEqualTo(2);
    }

    @Test
    void aBlackHoleMayHaveOneDirection() throws IOException {
        proxy.blackhole(true, false);
        send(client, new byte[] {1});
        send(server, new byte[] {2});

        assertThat(client.getInputStream().read()).isEqualTo(2);
        assertSilent(server);
    }

    @Test
    void delaysInOrder() throws IOException {
        proxy.delay(Duration.ofMillis(60), Duration.ofMillis(40), 42);
        long start = System.nanoTime();
        for (int i = 0; i < 20; i++) {
            send(client, new byte[] {(byte) i});
        }

        byte[] came = server.getInputStream().readNBytes(20);
        assertThat(System.nanoTime() - start)
                .isGreaterThan(Duration.ofMillis(60).toNanos());
        for (int i = 0; i < 20; i++) {
            assertThat(came[i]).isEqualTo((byte) i);
        }
    }

    @Test
    void throttles() throws IOException {
        proxy.throttle(100_000);
        long start = System.nanoTime();
        send(client, new byte[20_000]);

        assertThat(server.getInputStream().readNBytes(20_000)).hasSize(20_000);
        assertThat(System.nanoTime() - start)
                .isGreaterThan(Duration.ofMillis(190).toNanos());
    }

    @Test
    void aServerThatIsGoneRefusesItsClients() throws IOException {
        listener.close();

        try (Socket again = dial()) {
            assertThatThrownBy(() -> {
                        if (again.getInputStream().read() == -1) {
                            throw new SocketException("closed");
                        }
                    })
                    .isInstanceOf(SocketException.class);
        }
    }

    private Socket dial() throws IOException {
        int colon = proxy.address().lastIndexOf(':');
        Socket socket = new Socket("127.0.0.1", Integer.parseInt(proxy.address().substring(colon + 1)));
        socket.setTcpNoDelay(true);
        return socket;
    }

    private static void send(Socket socket, byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static void assertSilent(Socket socket) throws IOException {
        socket.setSoTimeout(SILENCE_MILLIS);
        assertThatThrownBy(() -> socket.getInputStream().read()).isInstanceOf(SocketTimeoutException.class);
        socket.setSoTimeout(0);
    }
}
