package io.framebroker.loadgen.report;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** Where figures were taken; without it they mean little. */
public final class Environment {
    private Environment() {}

    public static Map<String, Object> toJson(String jvmFlags, String brokerJvmFlags) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("time", Instant.now().toString());
        json.put("cores", Runtime.getRuntime().availableProcessors());
        json.put(
                "os",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        json.put("java", System.getProperty("java.vendor") + " " + Runtime.version());
        json.put("child_jvm_flags", jvmFlags);
        json.put("broker_jvm_flags", brokerJvmFlags);
        return json;
    }
}
