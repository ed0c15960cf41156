package io.framebroker.examples.demo;

import io.framebroker.examples.child.StopSignal;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Shows the whole way of a frame: synthetic cameras, broker, processor. */
@Command(
        name = "demo",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Starts a broker, synthetic cameras and a processor, each as a process, and shows what the broker counts.",
            "Ends with code 0 if every frame is accounted for and every camera's frames were processed."
        })
public final class Demo implements Callable<Integer> {

    private static final String GROUP = "demo";
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration DRAIN = Duration.ofSeconds(30);

    @Spec
    private CommandSpec spec;

    @Option(names = "--seconds", defaultValue = "0", description = "End after so many seconds; 0 for Ctrl-C (default)")
    private int seconds;

    @Option(names = "--cameras", defaultValue = "3", description = "How many cameras, 1..16; default 3")
    private int cameras;

    @Option(
            names = "--url",
            defaultValue = "synthetic:640x360@15",
            description = "What each of them shows; default synthetic:640x360@15")
    private String url;

    @Option(
            names = "--broker-jar",
            description = "The broker's jar; default: server/target/frame-broker.jar of this checkout")
    private Path brokerJar;

    @Option(
            names = "--data-dir",
            defaultValue = "frame-broker-demo-data",
            description = "Where the broker keeps frames, over the end of the demo; default frame-broker-demo-data")
    private Path dataDir;

    @Option(names = "--verbose", description = "Show what the programs print")
    private boolean verbose;

    @Override
    public Integer call() throws IOException, InterruptedException {
        Path jar = validated();
        StopSignal stop = StopSignal.listen(false, Duration.ofSeconds(60));
        List<String> streams =
                IntStream.rangeClosed(1, cameras).mapToObj(n -> "cam" + n).toList();
        Consumer<String> log = verbose ? System.err::println : line -> {};
        try (DemoPrograms programs = new DemoPrograms(log, stop::isWanted)) {
            DemoPrograms.Ports ports = programs.startBroker(jar, dataDir);
            if (ports != null && !stop.isWanted()) {
                programs.startProcessor(ports.grpc(), streams, GROUP);
            }
            if (ports != null && !stop.isWanted()) {
                programs.startCapture(ports.grpc(), streams, url);
            }
            if (ports == null || stop.isWanted()) {
                return 1;
            }
            System.out.println("broker on port " + ports.grpc() + " with its frames in " + dataDir + ", " + cameras
                    + " cameras, one processor; " + (seconds > 0 ? seconds + " seconds" : "Ctrl-C ends it"));
            if (ports.http() != null) {
                System.out.println("look at http://localhost:" + ports.http() + "/");
            }
            try (BrokerView view = new BrokerView(ports.grpc(), streams, GROUP)) {
                show(programs, view, stop);
                return finish(programs, view);
            }
        } catch (StatusRuntimeException unanswered) {
            throw new IOException("the broker does not answer: " + unanswered.getStatus(), unanswered);
        } finally {
            stop.tidied();
        }
    }

    private void show(DemoPrograms programs, BrokerView view, StopSignal stop)
            throws IOException, InterruptedException {
        List<StreamView> before = view.streams();
        long beforeNanos = System.nanoTime();
        long endNanos = beforeNanos + Duration.ofSeconds(seconds).toNanos();
        while (!stop.await(SECOND)) {
            programs.requireAlive();
            List<StreamView> now = view.streams();
            long nowNanos = System.nanoTime();
            System.out.println("\n" + DemoTable.rates(before, now, (nowNanos - beforeNanos) / 1e9));
            before = now;
            beforeNanos = nowNanos;
            if (seconds > 0 && nowNanos - endNanos >= 0) {
                return;
            }
        }
    }

    /** Ends the cameras, lets the processor finish what is there, ends it, and counts. */
    private int finish(DemoPrograms programs, BrokerView view) throws InterruptedException {
        programs.endCapture();
        long deadlineNanos = System.nanoTime() + DRAIN.toNanos();
        List<StreamView> last = view.streams();
        while (!isFinished(last) && System.nanoTime() - deadlineNanos < 0) {
            Thread.sleep(50);
            last = view.streams();
        }
        programs.endProcessor();
        last = view.streams();
        System.out.println("\n" + DemoTable.summary(last));
        boolean well =
                last.size() == cameras && last.stream().allMatch(stream -> stream.balanced() && stream.acked() > 0);
        System.out.println(well ? "every frame is accounted for" : "something is wrong, see above");
        return well ? 0 : 1;
    }

    /** A processor that has not come yet has nothing waiting either. */
    private boolean isFinished(List<StreamView> streams) {
        return streams.size() == cameras
                && streams.stream().allMatch(stream -> stream.acked() > 0 && stream.waiting() + stream.pending() == 0);
    }

    private Path validated() {
        require(seconds >= 0 && seconds <= 86_400, "--seconds " + seconds + " is outside 0..86400");
        require(cameras >= 1 && cameras <= 16, "--cameras " + cameras + " is outside 1..16");
        Path jar = brokerJar == null ? besideThisJar() : brokerJar;
        require(
                Files.isRegularFile(jar),
                "there is no broker at " + jar + ": build it with 'mvn package', or name it with --broker-jar");
        return jar;
    }

    private static Path besideThisJar() {
        try {
            Path here = Path.of(Demo.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            return here.resolveSibling("../../../server/target/frame-broker.jar")
                    .normalize();
        } catch (URISyntaxException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private void require(boolean holds, String message) {
        if (!holds) {
            throw new ParameterException(spec.commandLine(), message);
        }
    }
}
