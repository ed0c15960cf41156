package io.framebroker.server.store.disk;

/**
 * Something in a folder that is not as it was written.
 *
 * @param segment number of the segment
 * @param offset first byte of it in the segment's file; -1 for all of the file, or where that is not known
 * @param stream name of the stream, or its number where the name is lost; null where that is not known
 * @param from ordinal of the first frame it speaks of; 0 for none
 * @param through ordinal of the last one
 * @param what what is found there
 * @param meaning what the broker makes of it when it starts the next time
 */
public record Damage(int segment, long offset, String stream, long from, long through, String what, String meaning) {
    /** Where it is: segment, offset, stream and frames, as far as they are known. */
    public String place() {
        StringBuilder place = new StringBuilder();
        if (segment > 0) {
            place.append("segment ").append(FolderDisk.name(segment));
            place.append(offset < 0 ? "" : " at " + offset);
        }
        if (stream != null) {
            place.append(place.length() == 0 ? "" : ", ").append("stream ").append(stream);
        }
        if (from > 0) {
            place.append(from == through ? ", frame " + from : ", frames " + from + ".." + through);
        }
        return place.toString();
    }
}
