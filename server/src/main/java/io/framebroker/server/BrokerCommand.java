package io.framebroker.server;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Timestamp;
import com.google.rpc.ErrorInfo;
import io.framebroker.v1.FrameId;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.AbstractStub;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** A command that talks to a running broker, any one of several. */
@Command(
        mixinStandardHelpOptions = true,
        sortOptions = false,
        exitCodeOnExecutionException = BrokerCommand.FAILED,
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:Done.",
            "1:The broker refuses, or a file cannot be written; standard error says why.",
            "2:The arguments make no sense.",
            "3:No broker answers at the address.",
            "4:A ledger does not balance; of `ledger` alone."
        })
abstract class BrokerCommand implements Callable<Integer> {
    static final int DONE = 0;
    static final int FAILED = 1;
    static final int NO_ANSWER = 3;
    static final int UNBALANCED = 4;

    private static final int USUAL_PORT = 50051;

    /** A host alone: a name, an address, or one of IPv6 in brackets. */
    private static final Pattern HOST = Pattern.compile("[^:/]+|\\[[^\\]/]+]");

    /** Things on a page of a list. */
    static final int PAGE = 1000;

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--address",
            paramLabel = "HOST[:PORT]",
            defaultValue = "localhost:" + USUAL_PORT,
            description = "The broker, at port " + USUAL_PORT + " where none is named (default ${DEFAULT-VALUE})")
    private String address;

    @Option(
            names = "--timeout",
            defaultValue = "PT10S",
            description = "How long an answer may take, ISO-8601 (default ${DEFAULT-VALUE})")
    private Duration timeout;

    @Option(names = "--json", description = "Print one JSON object a line; its members are named as in the contract")
    private boolean json;

    private Channel channel;

    /** Does it, with a connection that is not open yet: the first call opens it. */
    abstract int work() throws IOException, InterruptedException;

    @Override
    public final Integer call() throws IOException, InterruptedException {
        if (timeout.isNegative() || timeout.isZero()) {
            throw misused("--timeout " + timeout + " is not above 0");
        }
        if (HOST.matcher(address).matches()) {
            address += ":" + USUAL_PORT;
        }
        ManagedChannel connection = connect();
        channel = connection;
        try {
            return work();
        } catch (StatusRuntimeException e) {
            return failed(e);
        } finally {
            connection.shutdownNow();
            out().flush();
        }
    }

    private ManagedChannel connect() {
        try {
            return NettyChannelBuilder.forTarget(address)
                    .usePlaintext()
                    .proxyDetector(target -> null)
                    .maxInboundMessageSize(Integer.MAX_VALUE)
                    .build();
        } catch (IllegalArgumentException e) {
            throw misused("--address " + address + " is no address: " + e.getMessage() + "; say host:port");
        }
    }

    private int failed(StatusRuntimeException e) {
        var status = e.getStatus();
        String reason = reason(e);
        if (reason != null) {
            complain(status.getDescription() + " (" + reason + ")");
            return FAILED;
        }
        String said = status.getDescription() == null ? "" : ": " + status.getDescription();
        String cause = status.getCause() == null ? "" : ": " + status.getCause().getMessage();
        complain("no broker answers at " + address + ": " + status.getCode() + said + cause
                + "; see that it runs, or name another one with --address");
        return NO_ANSWER;
    }

    /** Why the broker refuses, in UPPER_SNAKE; null when it is not the broker who does. */
    private static String reason(StatusRuntimeException e) {
        var status = StatusProto.fromThrowable(e);
        try {
            for (Any detail : status == null ? java.util.List.<Any>of() : status.getDetailsList()) {
                if (detail.is(ErrorInfo.class)) {
                    return detail.unpack(ErrorInfo.class).getReason();
                }
            }
        } catch (InvalidProtocolBufferException damaged) {
            return null;
        }
        return null;
    }

    // ---- for commands

    /** A stub on the broker whose calls have to be answered in time. */
    <S extends AbstractStub<S>> S inTime(S stub) {
        return stub.withDeadlineAfter(timeout.toMillis(), TimeUnit.MILLISECONDS);
    }

    Channel channel() {
        return channel;
    }

    boolean json() {
        return json;
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** Prints a line for people. */
    void say(String what) {
        out().println(Printable.of(what));
    }

    void complain(String what) {
        spec.commandLine().getErr().println("frame-broker: " + Printable.of(what));
    }

    ParameterException misused(String why) {
        return new ParameterException(spec.commandLine(), why);
    }

    /** Writes a file that is there whole or not at all, in place of one of that name. */
    static void write(Path file, byte[] content) throws IOException {
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new IOException(
                    "there is no folder " + folder + " to write " + file + " to; make it, or name another");
        }
        Path beside = file.resolveSibling(file.getFileName() + ".part");
        try {
            Files.write(beside, content);
            Files.move(beside, file, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    // ---- as text

    static String id(FrameId id) {
        return Long.toUnsignedString(id.getGeneration()) + "-" + Long.toUnsignedString(id.getOrdinal());
    }

    /** An id as people write it; null when the text is none. */
    static FrameId id(String text) {
        if (!text.matches("\\d+-\\d+")) {
            return null;
        }
        int dash = text.indexOf('-');
        try {
            return FrameId.newBuilder()
                    .setGeneration(Long.parseUnsignedLong(text, 0, dash, 10))
                    .setOrdinal(Long.parseUnsignedLong(text, dash + 1, text.length(), 10))
                    .build();
        } catch (NumberFormatException e) {
            return null;
        }
    }

    static Instant time(Timestamp time) {
        return Instant.ofEpochSecond(time.getSeconds(), time.getNanos());
    }

    static Duration duration(com.google.protobuf.Duration duration) {
        return Duration.ofSeconds(duration.getSeconds(), duration.getNanos());
    }

    static String orDash(String text) {
        return text.isEmpty() ? "-" : text;
    }

    /** Counts by reason. */
    static String counts(Map<String, Long> counts) {
        return counts.isEmpty()
                ? "0"
                : new TreeMap<>(counts)
                        .entrySet().stream()
                                .map(each -> each.getKey() + " " + Long.toUnsignedString(each.getValue()))
                                .collect(Collectors.joining(", "));
    }
}
