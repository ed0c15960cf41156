package io.framebroker.loadgen.scale;

import io.framebroker.client.FrameBrokerClient;
import io.framebroker.v1.GetBrokerInfoRequest;
import io.framebroker.v1.GetBrokerInfoResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a broker's memory goes to, beside what the system says of its process: a heap of fixed size is resident whether or
 * not anything is in it.
 *
 * @param frameBytes of frames kept, by the broker's own account
 * @param inboundBytes reserved for what publishers send
 * @param outboundBytes reserved for what consumers leave unread
 * @param liveHeapBytes objects on its heap after a collection; empty where there is no jcmd beside this JVM's java
 */
record BrokerMemory(long frameBytes, long inboundBytes, long outboundBytes, OptionalLong liveHeapBytes) {
    private static final int ANSWER_SECONDS = 30;

    private static final Pattern TOTAL = Pattern.compile("Total\\s+\\d+\\s+(\\d+)\\s*");

    /** Asks it; collects its garbage, so nothing should be measured meanwhile. */
    static BrokerMemory of(String address, ProcessHandle process) throws InterruptedException {
        GetBrokerInfoResponse info;
        try (FrameBrokerClient client = FrameBrokerClient.connect(address)) {
            info = client.diagnostics().getBrokerInfo(GetBrokerInfoRequest.getDefaultInstance());
        }
        return new BrokerMemory(
                info.getMemoryUsedBytes(), info.getInboundUsedBytes(), info.getOutboundUsedBytes(), liveHeap(process));
    }

    private static OptionalLong liveHeap(ProcessHandle process) throws InterruptedException {
        Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
        if (!Files.isExecutable(jcmd)) {
            return OptionalLong.empty();
        }
        try {
            Process asking = new ProcessBuilder(jcmd.toString(), Long.toString(process.pid()), "GC.class_histogram")
                    .redirectErrorStream(true)
                    .start();
            asking.onExit().orTimeout(ANSWER_SECONDS, TimeUnit.SECONDS).exceptionally(late -> asking.destroyForcibly());
            String answer = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (asking.waitFor() != 0) {
                return OptionalLong.empty();
            }
            return total(answer.lines().toList());
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    /** From the last line of {@code jcmd PID GC.class_histogram}: {@code Total  objects  bytes}. */
    static OptionalLong total(List<String> histogram) {
        return histogram.stream()
                .map(TOTAL::matcher)
                .filter(Matcher::matches)
                .mapToLong(matcher -> Long.parseLong(matcher.group(1)))
                .findFirst();
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("frames_bytes", frameBytes);
        json.put("inbound_reserved_bytes", inboundBytes);
        json.put("outbound_reserved_bytes", outboundBytes);
        json.put("live_heap_bytes", liveHeapBytes.isPresent() ? liveHeapBytes.getAsLong() : null);
        return json;
    }
}
