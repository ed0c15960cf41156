package io.framebroker.examples.demo;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.v1.GetGroupRequest;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.ListStreamsRequest;
import io.framebroker.v1.Stream;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Asks the broker what it knows of its streams, in the way anybody could. */
final class BrokerView implements AutoCloseable {

    private static final long ANSWER_SECONDS = 20;

    private final FrameBrokerClient client;
    private final List<String> shown;
    private final String group;

    /** @param shown names of the streams to look at; there may be others */
    BrokerView(int port, List<String> shown, String group) {
        this.client = FrameBrokerClient.connect("localhost:" + port);
        this.shown = shown;
        this.group = group;
    }

    /** Those of the streams that are there, by name. @throws StatusRuntimeException if the broker does not answer */
    List<StreamView> streams() {
        List<StreamView> views = new ArrayList<>();
        for (Stream stream : client.streams()
                .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                .listStreams(ListStreamsRequest.getDefaultInstance())
                .getStreamsList()) {
            if (!shown.contains(stream.getName())) {
                continue;
            }
            GetLedgerResponse ledger = client.diagnostics()
                    .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .getLedger(GetLedgerRequest.newBuilder()
                            .setStream(stream.getName())
                            .build());
            views.add(StreamView.of(stream, ledger, group, ageSeconds(stream.getName())));
        }
        return views;
    }

    @Override
    public void close() {
        client.close();
    }

    private double ageSeconds(String stream) {
        try {
            var age = client.groups()
                    .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
                    .getGroup(GetGroupRequest.newBuilder()
                            .setStream(stream)
                            .setName(group)
                            .build())
                    .getGroup()
                    .getLag()
                    .getAge();
            return age.getSeconds() + age.getNanos() / 1e9;
        } catch (StatusRuntimeException refused) {
            // The processor has not come yet.
            if (refused.getStatus().getCode() == Status.Code.NOT_FOUND) {
                return Double.NaN;
            }
            throw refused;
        }
    }
}
