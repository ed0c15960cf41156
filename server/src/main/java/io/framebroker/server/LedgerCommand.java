package io.framebroker.server;

import io.framebroker.v1.DiagnosticsServiceGrpc;
import io.framebroker.v1.GetLedgerRequest;
import io.framebroker.v1.GetLedgerResponse;
import io.framebroker.v1.GroupLedger;
import io.framebroker.v1.Stream;
import io.framebroker.v1.StreamLedger;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

@Command(
        name = "ledger",
        description = {
            "Says where every frame is, of each stream and each of its groups.",
            "Of a stream: offered = stored + appending + dropped + reported. Of a group, since its base: stored = waiting"
                    + " + pending + acked + dead-lettered + skipped. IMBALANCE is what that leaves, and 0."
        })
final class LedgerCommand extends BrokerCommand {
    @Parameters(arity = "0..1", paramLabel = "STREAM", description = "Only this stream (default: all)")
    private String stream;

    @Override
    int work() {
        List<String> names = stream == null
                ? StreamsCommand.all(this).stream().map(Stream::getName).toList()
                : List.of(stream);
        List<GetLedgerResponse> ledgers = new ArrayList<>();
        for (String name : names) {
            ledgers.add(inTime(DiagnosticsServiceGrpc.newBlockingStub(channel()))
                    .getLedger(GetLedgerRequest.newBuilder().setStream(name).build()));
        }
        if (json()) {
            ledgers.forEach(this::printLines);
        } else {
            out().print(ofStreams(ledgers));
            out().println();
            out().print(ofGroups(ledgers));
        }
        return ledgers.stream().allMatch(LedgerCommand::balances) ? DONE : UNBALANCED;
    }

    private static boolean balances(GetLedgerResponse ledger) {
        return ledger.getStream().getImbalance() == 0
                && ledger.getGroupsList().stream().allMatch(group -> group.getImbalance() == 0);
    }

    private static TextTable ofStreams(List<GetLedgerResponse> ledgers) {
        TextTable table = new TextTable(
                1, "STREAM", "OFFERED", "STORED", "APPENDING", "DROPPED", "REPORTED", "IMBALANCE", "DUPLICATES");
        for (GetLedgerResponse each : ledgers) {
            StreamLedger ledger = each.getStream();
            table.row(
                    ledger.getStream(),
                    ledger.getOffered(),
                    ledger.getStored(),
                    ledger.getAppending(),
                    counts(ledger.getDroppedMap()),
                    counts(ledger.getReportedMap()),
                    ledger.getImbalance(),
                    ledger.getDuplicates());
        }
        return table;
    }

    private static TextTable ofGroups(List<GetLedgerResponse> ledgers) {
        TextTable table = new TextTable(
                2,
                "STREAM",
                "GROUP",
                "BASE",
                "STORED",
                "WAITING",
                "PENDING",
                "ACKED",
                "DEAD-LETTERED",
                "SKIPPED",
                "IMBALANCE");
        for (GetLedgerResponse ledger : ledgers) {
            for (GroupLedger each : ledger.getGroupsList()) {
                table.row(
                        ledger.getStream().getStream(),
                        each.getGroup(),
                        each.getBase().getOrdinal(),
                        each.getStored(),
                        each.getWaiting(),
                        each.getPending(),
                        each.getAcked(),
                        each.getDeadLettered(),
                        counts(each.getSkippedMap()),
                        each.getImbalance());
            }
        }
        return table;
    }

    private void printLines(GetLedgerResponse response) {
        StreamLedger ledger = response.getStream();
        out().println(new JsonLine()
                .put("stream", ledger.getStream())
                .put("offered", ledger.getOffered())
                .put("stored", ledger.getStored())
                .put("appending", ledger.getAppending())
                .putCounts("dropped", ledger.getDroppedMap())
                .putCounts("reported", ledger.getReportedMap())
                .put("imbalance", ledger.getImbalance())
                .put("duplicates", ledger.getDuplicates()));
        for (GroupLedger each : response.getGroupsList()) {
            out().println(new JsonLine()
                    .put("stream", ledger.getStream())
                    .put("group", each.getGroup())
                    .put("base", each.getBase().getOrdinal())
                    .put("stored", each.getStored())
                    .put("waiting", each.getWaiting())
                    .put("pending", each.getPending())
                    .put("acked", each.getAcked())
                    .put("dead_lettered", each.getDeadLettered())
                    .putCounts("skipped", each.getSkippedMap())
                    .put("imbalance", each.getImbalance()));
        }
    }
}
