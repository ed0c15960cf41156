package io.framebroker.bridge.source;

import java.util.ArrayList;
import java.util.List;

/**
 * An entry of the source.
 *
 * @param fields in the order in which they were added; null when the entry was deleted while it was pending
 */
public record Entry(EntryId id, List<Field> fields) {

    /** Bytes as they were added. Redis allows a name to come more than once. */
    public record Field(byte[] name, byte[] value) {}

    public boolean isDeleted() {
        return fields == null;
    }

    /** Bytes of all names and values. */
    public int bytes() {
        int bytes = 0;
        for (Field field : fields) {
            bytes += field.name().length + field.value().length;
        }
        return bytes;
    }

    /** From a reply of Redis: id and a flat list of names and values, which is null for a deleted entry. */
    static Entry of(Object reply) {
        List<?> pair = (List<?>) reply;
        EntryId id = EntryId.parse((byte[]) pair.get(0));
        List<?> flat = (List<?>) pair.get(1);
        if (flat == null) {
            return new Entry(id, null);
        }
        List<Field> fields = new ArrayList<>(flat.size() / 2);
        for (int i = 0; i < flat.size(); i += 2) {
            fields.add(new Field((byte[]) flat.get(i), (byte[]) flat.get(i + 1)));
        }
        return new Entry(id, fields);
    }
}
