package io.framebroker.loadgen.role;

import java.util.LinkedHashMap;
import java.util.Map;

/** The publisher's account of a camera, on a {@link Line}: {@code last.CAMERA=N refused.CAMERA=SEQUENCE:REASON,...}. */
final class Accounts {
    private Accounts() {}

    static Map<String, String> write(int camera, long last, Map<Long, String> notStored) {
        Map<String, String> fields = new LinkedHashMap<>();
        fields.put("last." + camera, Long.toString(last));
        StringBuilder refused = new StringBuilder();
        notStored.forEach((sequence, reason) -> refused.append(refused.isEmpty() ? "" : ",")
                .append(sequence)
                .append(':')
                .append(reason.replace(',', ';')));
        fields.put("refused." + camera, refused.toString());
        return fields;
    }

    static long last(Line line, int camera) {
        return line.number("last." + camera);
    }

    static Map<Long, String> notStored(Line line, int camera) {
        Map<Long, String> notStored = new LinkedHashMap<>();
        for (String entry : line.get("refused." + camera).split(",")) {
            if (!entry.isEmpty()) {
                int colon = entry.indexOf(':');
                notStored.put(Long.parseLong(entry.substring(0, colon)), entry.substring(colon + 1));
            }
        }
        return notStored;
    }
}
